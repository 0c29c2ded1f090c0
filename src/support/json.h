// SPDX-License-Identifier: Apache-2.0
//
// A JSON value: what model files, design.json and report.json are made of. Parsing is done by
// nlohmann-json behind json.cpp (so its heavy header stays there), with a depth limit, and accepts
// the bare tokens Infinity, -Infinity and NaN that Keras writes. Objects keep the order of their
// keys, so written files are stable. Integers that fit int64 stay integers: no silent trip through
// double.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "support/result.h"

namespace gatewright {

class Json {
  public:
    using Array = std::vector<Json>;
    using Member = std::pair<std::string, Json>;
    using Object = std::vector<Member>;

    Json() = default;
    Json(std::nullptr_t) {}
    Json(bool value) : value_(value) {}
    Json(int value) : value_(std::int64_t{value}) {}
    Json(std::int64_t value) : value_(value) {}
    Json(std::size_t value) : value_(static_cast<std::int64_t>(value)) {}
    Json(double value) : value_(value) {}
    Json(const char* value) : value_(std::string(value)) {}
    Json(std::string_view value) : value_(std::string(value)) {}
    Json(std::string value) : value_(std::move(value)) {}
    Json(Array value) : value_(std::move(value)) {}
    Json(Object value) : value_(std::move(value)) {}

    static Json array() { return Json(Array{}); }
    static Json object() { return Json(Object{}); }
    template <class Range>
    static Json array_of(const Range& range) {
        Array out;
        for (const auto& item : range) out.emplace_back(item);
        return Json(std::move(out));
    }

    [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
    [[nodiscard]] bool is_bool() const { return std::holds_alternative<bool>(value_); }
    [[nodiscard]] bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }
    [[nodiscard]] bool is_number() const {
        return is_integer() || std::holds_alternative<double>(value_);
    }
    [[nodiscard]] bool is_string() const { return std::holds_alternative<std::string>(value_); }
    [[nodiscard]] bool is_array() const { return std::holds_alternative<Array>(value_); }
    [[nodiscard]] bool is_object() const { return std::holds_alternative<Object>(value_); }
    /// "null", "boolean", "integer", "number", "string", "array" or "object".
    [[nodiscard]] std::string_view type_name() const;

    // Unchecked access: the caller has asked is_*() first (a wrong guess is an InternalError).
    [[nodiscard]] bool as_bool() const;
    [[nodiscard]] std::int64_t as_integer() const;
    [[nodiscard]] double as_number() const;
    [[nodiscard]] const std::string& as_string() const;
    [[nodiscard]] const Array& as_array() const;
    [[nodiscard]] Array& as_array();
    [[nodiscard]] const Object& as_object() const;
    [[nodiscard]] Object& as_object();

    /// The member `key` of an object; nullptr when this is no object or has no such key.
    [[nodiscard]] const Json* find(std::string_view key) const;
    [[nodiscard]] Json* find(std::string_view key);
    [[nodiscard]] bool contains(std::string_view key) const { return find(key) != nullptr; }
    /// Sets or replaces a member; makes an object of a null value.
    Json& set(std::string_view key, Json value);
    void push_back(Json value);

    // Checked access to a member, for reading input: the error names the key, the type found and
    // the type expected; the caller adds the file and the layer.
    [[nodiscard]] Result<bool> get_bool(std::string_view key) const;
    [[nodiscard]] Result<std::int64_t> get_integer(std::string_view key) const;
    [[nodiscard]] Result<double> get_number(std::string_view key) const;
    [[nodiscard]] Result<std::string> get_string(std::string_view key) const;
    [[nodiscard]] Result<const Array*> get_array(std::string_view key) const;
    [[nodiscard]] Result<const Json*> get_object(std::string_view key) const;
    [[nodiscard]] Result<std::vector<std::int64_t>> get_integers(std::string_view key) const;
    /// Present and not null, else the default.
    [[nodiscard]] Result<bool> bool_or(std::string_view key, bool fallback) const;
    [[nodiscard]] Result<std::int64_t> integer_or(std::string_view key,
                                                  std::int64_t fallback) const;
    [[nodiscard]] Result<double> number_or(std::string_view key, double fallback) const;
    [[nodiscard]] Result<std::string> string_or(std::string_view key,
                                                std::string_view fallback) const;

    /// Text of this value; `indent` spaces per level, or one line if indent < 0. Arrays of scalars
    /// stay on one line. Doubles are printed so that they read back the same.
    [[nodiscard]] std::string dump(int indent = -1) const;

    friend bool operator==(const Json& a, const Json& b);

  private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

/// Parses one JSON document (UTF-8). Nesting deeper than 200 levels is refused.
Result<Json> parse_json(std::string_view text);
/// Reads and parses a file; errors start with the path.
Result<Json> read_json_file(const std::string& path);

}  // namespace gatewright
