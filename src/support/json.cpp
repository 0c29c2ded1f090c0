// SPDX-License-Identifier: Apache-2.0
#include "support/json.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "support/check.h"
#include "support/files.h"

namespace gatewright {
namespace {

constexpr std::size_t kMaxDepth = 200;

// Keras writes non-finite numbers as bare tokens, which JSON forbids. They are replaced by this
// marker string before parsing and by the number again afterwards.
constexpr std::string_view kInfinityMark = "\x01+inf";
constexpr std::string_view kMinusInfinityMark = "\x01-inf";
constexpr std::string_view kNanMark = "\x01nan";

std::string quote_non_finite(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            out += c;
            if (c == '\\' && i + 1 < text.size()) out += text[++i];
            if (c == '"') in_string = false;
            continue;
        }
        const std::string_view rest = text.substr(i);
        if (rest.starts_with("-Infinity")) {
            out += "\"\\u0001-inf\"";
            i += 8;
        } else if (rest.starts_with("Infinity")) {
            out += "\"\\u0001+inf\"";
            i += 7;
        } else if (rest.starts_with("NaN")) {
            out += "\"\\u0001nan\"";
            i += 2;
        } else {
            out += c;
            in_string = c == '"';
        }
    }
    return out;
}

// Builds the Json value from the parser's events; the stack holds the open containers.
class Builder : public nlohmann::json_sax<nlohmann::json> {
  public:
    bool null() override { return put(Json()); }
    bool boolean(bool value) override { return put(Json(value)); }
    bool number_integer(number_integer_t value) override { return put(Json(std::int64_t{value})); }
    bool number_unsigned(number_unsigned_t value) override {
        if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
            return put(Json(static_cast<double>(value)));
        }
        return put(Json(static_cast<std::int64_t>(value)));
    }
    bool number_float(number_float_t value, const string_t&) override { return put(Json(value)); }
    bool string(string_t& value) override {
        if (value == kInfinityMark) return put(Json(std::numeric_limits<double>::infinity()));
        if (value == kMinusInfinityMark) return put(Json(-std::numeric_limits<double>::infinity()));
        if (value == kNanMark) return put(Json(std::numeric_limits<double>::quiet_NaN()));
        return put(Json(std::move(value)));
    }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(Json::object()); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool key(string_t& value) override {
        keys_.back() = value;
        return true;
    }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception& problem) override {
        error = fmt::format("not valid JSON at byte {}: {}", position, problem.what());
        return false;
    }

    std::string error;
    Json root;

  private:
    bool put(Json value) {
        if (stack_.empty()) {
            root = std::move(value);
        } else if (stack_.back().is_array()) {
            stack_.back().push_back(std::move(value));
        } else {
            stack_.back().as_object().emplace_back(keys_.back(), std::move(value));
        }
        return true;
    }
    bool open(Json container) {
        if (stack_.size() >= kMaxDepth) {
            error = fmt::format("JSON nested deeper than {} levels", kMaxDepth);
            return false;
        }
        stack_.push_back(std::move(container));
        keys_.emplace_back();
        return true;
    }
    bool close() {
        Json value = std::move(stack_.back());
        stack_.pop_back();
        keys_.pop_back();
        return put(std::move(value));
    }

    std::vector<Json> stack_;
    std::vector<std::string> keys_;
};

void append_string(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (code < 0x20) {
            out += fmt::format("\\u{:04x}", code);
        } else {
            out += c;
        }
    }
    out += '"';
}

std::string number_text(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    std::string text = fmt::format("{}", value);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
}

bool is_scalar(const Json& value) {
    return !value.is_array() && !value.is_object();
}

class Writer {
  public:
    explicit Writer(int indent) : indent_(indent) {}
    void write(const Json& value, int level) {
        if (value.is_null()) {
            out += "null";
        } else if (value.is_bool()) {
            out += value.as_bool() ? "true" : "false";
        } else if (value.is_integer()) {
            out += fmt::format("{}", value.as_integer());
        } else if (value.is_number()) {
            out += number_text(value.as_number());
        } else if (value.is_string()) {
            append_string(out, value.as_string());
        } else if (value.is_array()) {
            write_array(value.as_array(), level);
        } else {
            write_object(value.as_object(), level);
        }
    }
    std::string out;

  private:
    void write_array(const Json::Array& items, int level) {
        bool flat = true;
        for (const Json& item : items) flat = flat && is_scalar(item);
        out += '[';
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0) out += flat && indent_ >= 0 ? ", " : ",";
            if (!flat) new_line(level + 1);
            write(items[i], level + 1);
        }
        if (!flat) new_line(level);
        out += ']';
    }
    void write_object(const Json::Object& members, int level) {
        out += '{';
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (i > 0) out += ',';
            new_line(level + 1);
            append_string(out, members[i].first);
            out += indent_ >= 0 ? ": " : ":";
            write(members[i].second, level + 1);
        }
        if (!members.empty()) new_line(level);
        out += '}';
    }
    void new_line(int level) {
        if (indent_ < 0) return;
        out += '\n';
        out.append(static_cast<std::size_t>(indent_ * level), ' ');
    }
    int indent_;
};

tl::unexpected<Error> wrong_type(std::string_view key, const Json* found,
                                 std::string_view expected) {
    if (found == nullptr) return fail(fmt::format("'{}' is missing (expected: {})", key, expected));
    return fail(fmt::format("'{}' is of type {}, expected {}", key, found->type_name(), expected));
}

}  // namespace

std::string_view Json::type_name() const {
    if (is_null()) return "null";
    if (is_bool()) return "boolean";
    if (is_integer()) return "integer";
    if (is_number()) return "number";
    if (is_string()) return "string";
    return is_array() ? "array" : "object";
}

bool Json::as_bool() const {
    GW_CHECK(is_bool(), "JSON value is no boolean");
    return std::get<bool>(value_);
}
std::int64_t Json::as_integer() const {
    GW_CHECK(is_integer(), "JSON value is no integer");
    return std::get<std::int64_t>(value_);
}
double Json::as_number() const {
    if (is_integer()) return static_cast<double>(std::get<std::int64_t>(value_));
    GW_CHECK(is_number(), "JSON value is no number");
    return std::get<double>(value_);
}
const std::string& Json::as_string() const {
    GW_CHECK(is_string(), "JSON value is no string");
    return std::get<std::string>(value_);
}
const Json::Array& Json::as_array() const {
    GW_CHECK(is_array(), "JSON value is no array");
    return std::get<Array>(value_);
}
Json::Array& Json::as_array() {
    GW_CHECK(is_array(), "JSON value is no array");
    return std::get<Array>(value_);
}
const Json::Object& Json::as_object() const {
    GW_CHECK(is_object(), "JSON value is no object");
    return std::get<Object>(value_);
}
Json::Object& Json::as_object() {
    GW_CHECK(is_object(), "JSON value is no object");
    return std::get<Object>(value_);
}

const Json* Json::find(std::string_view key) const {
    if (!is_object()) return nullptr;
    for (const Member& member : std::get<Object>(value_)) {
        if (member.first == key) return &member.second;
    }
    return nullptr;
}
Json* Json::find(std::string_view key) {
    return const_cast<Json*>(std::as_const(*this).find(key));
}

Json& Json::set(std::string_view key, Json value) {
    if (is_null()) value_ = Object{};
    if (Json* old = find(key)) {
        *old = std::move(value);
    } else {
        as_object().emplace_back(std::string(key), std::move(value));
    }
    return *this;
}

void Json::push_back(Json value) {
    if (is_null()) value_ = Array{};
    as_array().push_back(std::move(value));
}

Result<bool> Json::get_bool(std::string_view key) const {
    const Json* found = find(key);
    if (found == nullptr || !found->is_bool()) return wrong_type(key, found, "boolean");
    return found->as_bool();
}
Result<std::int64_t> Json::get_integer(std::string_view key) const {
    const Json* found = find(key);
    if (found == nullptr || !found->is_integer()) return wrong_type(key, found, "integer");
    return found->as_integer();
}
Result<double> Json::get_number(std::string_view key) const {
    const Json* found = find(key);
    if (found == nullptr || !found->is_number()) return wrong_type(key, found, "number");
    return found->as_number();
}
Result<std::string> Json::get_string(std::string_view key) const {
    const Json* found = find(key);
    if (found == nullptr || !found->is_string()) return wrong_type(key, found, "string");
    return found->as_string();
}
Result<const Json::Array*> Json::get_array(std::string_view key) const {
    const Json* found = find(key);
    if (found == nullptr || !found->is_array()) return wrong_type(key, found, "array");
    return &found->as_array();
}
Result<const Json*> Json::get_object(std::string_view key) const {
    const Json* found = find(key);
    if (found == nullptr || !found->is_object()) return wrong_type(key, found, "object");
    return found;
}
Result<std::vector<std::int64_t>> Json::get_integers(std::string_view key) const {
    GW_TRY(const Array* items, get_array(key));
    std::vector<std::int64_t> out;
    for (const Json& item : *items) {
        if (!item.is_integer()) return wrong_type(key, &item, "array of integers");
        out.push_back(item.as_integer());
    }
    return out;
}

Result<bool> Json::bool_or(std::string_view key, bool fallback) const {
    const Json* found = find(key);
    if (found == nullptr || found->is_null()) return fallback;
    return get_bool(key);
}
Result<std::int64_t> Json::integer_or(std::string_view key, std::int64_t fallback) const {
    const Json* found = find(key);
    if (found == nullptr || found->is_null()) return fallback;
    return get_integer(key);
}
Result<double> Json::number_or(std::string_view key, double fallback) const {
    const Json* found = find(key);
    if (found == nullptr || found->is_null()) return fallback;
    return get_number(key);
}
Result<std::string> Json::string_or(std::string_view key, std::string_view fallback) const {
    const Json* found = find(key);
    if (found == nullptr || found->is_null()) return std::string(fallback);
    return get_string(key);
}

std::string Json::dump(int indent) const {
    Writer writer(indent);
    writer.write(*this, 0);
    return std::move(writer.out);
}

bool operator==(const Json& a, const Json& b) {
    return a.value_ == b.value_;
}

Result<Json> parse_json(std::string_view text) {
    Builder builder;
    const std::string clean = quote_non_finite(text);
    if (!nlohmann::json::sax_parse(clean, &builder)) {
        return fail(builder.error.empty() ? "not valid JSON" : builder.error);
    }
    return std::move(builder.root);
}

Result<Json> read_json_file(const std::string& path) {
    GW_TRY(const std::string text, read_file(path));
    auto json = parse_json(text);
    if (!json) return fail_in(path, json.error());
    return json;
}

}  // namespace gatewright
