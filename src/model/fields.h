// SPDX-License-Identifier: Apache-2.0
//
// One description of a layer's fields serves JSON writing, JSON reading, help and docs. A layer
// lists its members once:
//
//     template <class Visitor> void fields(Visitor& v) {
//         v.required("kernel", kernel, "weights [inputs, outputs]");
//         v.optional("bias", bias, "one per output");
//     }
//
// and derives from LayerOf<Self>, which supplies kind(), clone() and attributes(). Numbers are
// exact: a Dyadic is a JSON number where a double holds it, else the text "m*2^e".
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "fixed/dyadic.h"
#include "fixed/format.h"
#include "interchange/slot_program.h"
#include "model/layer.h"
#include "support/json.h"

namespace gatewright::model {

// How each field type is written and read. read_field's error says what was expected.
Json write_field(bool value);
Json write_field(std::int64_t value);
Json write_field(const std::string& value);
Json write_field(const fixed::Dyadic& value);
Json write_field(const fixed::Cast& value);
Json write_field(const std::vector<std::int64_t>& value);
Json write_field(const std::vector<fixed::Dyadic>& value);
Json write_field(const std::vector<fixed::Cast>& value);  ///< equal casts are written once
Json write_field(const Values& value);                    ///< nested arrays
Json write_field(const interchange::SlotProgram& value);  ///< an ALIR 4 file
Status read_field(const Json& json, bool& value);
Status read_field(const Json& json, std::int64_t& value);
Status read_field(const Json& json, std::string& value);
Status read_field(const Json& json, fixed::Dyadic& value);
Status read_field(const Json& json, fixed::Cast& value);
Status read_field(const Json& json, std::vector<std::int64_t>& value);
Status read_field(const Json& json, std::vector<fixed::Dyadic>& value);
Status read_field(const Json& json, std::vector<fixed::Cast>& value);
Status read_field(const Json& json, Values& value);
Status read_field(const Json& json, interchange::SlotProgram& value);

template <class T>
inline constexpr const char* kFieldTypeName = "value";
template <>
inline constexpr const char* kFieldTypeName<bool> = "boolean";
template <>
inline constexpr const char* kFieldTypeName<std::int64_t> = "integer";
template <>
inline constexpr const char* kFieldTypeName<std::string> = "text";
template <>
inline constexpr const char* kFieldTypeName<fixed::Dyadic> = "number";
template <>
inline constexpr const char* kFieldTypeName<fixed::Cast> = "fixed-point type";
template <>
inline constexpr const char* kFieldTypeName<std::vector<std::int64_t>> = "list of integers";
template <>
inline constexpr const char* kFieldTypeName<std::vector<fixed::Dyadic>> = "list of numbers";
template <>
inline constexpr const char* kFieldTypeName<std::vector<fixed::Cast>> =
    "fixed-point type, or one per element";
template <>
inline constexpr const char* kFieldTypeName<Values> = "nested array of numbers";
template <>
inline constexpr const char* kFieldTypeName<interchange::SlotProgram> = "ALIR 4 program";

class FieldWriter {
  public:
    template <class T>
    void required(const char* name, const T& value, const char*) {
        json.set(name, write_field(value));
    }
    template <class T>
    void optional(const char* name, const T& value, const char*) {
        if (!(value == T{})) json.set(name, write_field(value));
    }
    /// As optional, for a member whose initial value `fallback` is not T{}.
    template <class T>
    void defaulted(const char* name, const T& value, const std::type_identity_t<T>& fallback,
                   const char*) {
        if (!(value == fallback)) json.set(name, write_field(value));
    }
    Json json = Json::object();
};

class FieldReader {
  public:
    explicit FieldReader(const Json& json) : json_(json) {}
    template <class T>
    void required(const char* name, T& value, const char* meaning) {
        if (!json_.contains(name)) {
            problems.add(std::string("'") + name + "' is missing (" + meaning + ")");
        }
        optional(name, value, meaning);
    }
    template <class T>
    void optional(const char* name, T& value, const char*) {
        known_.push_back(name);
        if (const Json* found = json_.find(name)) {
            if (auto status = read_field(*found, value); !status) {
                problems.add(std::string("'") + name + "': " + status.error().message);
            }
        }
    }
    template <class T>
    void defaulted(const char* name, T& value, const std::type_identity_t<T>&,
                   const char* meaning) {
        optional(name, value, meaning);
    }
    /// Adds a problem for every member that no field took.
    void refuse_unknown();
    Problems problems;

  private:
    const Json& json_;
    std::vector<std::string> known_;
};

class FieldLister {
  public:
    template <class T>
    void required(const char* name, const T&, const char* meaning) {
        docs.push_back({name, kFieldTypeName<T>, meaning, true});
    }
    template <class T>
    void optional(const char* name, const T&, const char* meaning) {
        docs.push_back({name, kFieldTypeName<T>, meaning, false});
    }
    template <class T>
    void defaulted(const char* name, const T& value, const std::type_identity_t<T>&,
                   const char* meaning) {
        optional(name, value, meaning);
    }
    std::vector<FieldDoc> docs;
};

/// Base of every layer: Self has kKind, kSummary, fields(), and static examples(Rng&).
template <class Self>
class LayerOf : public Layer {
  public:
    [[nodiscard]] std::string_view kind() const override { return Self::kKind; }
    [[nodiscard]] std::unique_ptr<Layer> clone() const override {
        return std::make_unique<Self>(static_cast<const Self&>(*this));
    }
    [[nodiscard]] Json attributes() const override {
        FieldWriter writer;
        const_cast<Self&>(static_cast<const Self&>(*this)).fields(writer);
        return std::move(writer.json);
    }
    static LayerDef def() {
        return {Self::kKind, Self::kSummary, &read, &list_fields, &Self::examples};
    }

  private:
    static Result<std::unique_ptr<Layer>> read(const Json& attributes) {
        auto layer = std::make_unique<Self>();
        FieldReader reader(attributes);
        layer->fields(reader);
        reader.refuse_unknown();
        if (!reader.problems.empty()) {
            return tl::unexpected<Error>(reader.problems.to_error("wrong attributes"));
        }
        return std::unique_ptr<Layer>(std::move(layer));
    }
    static std::vector<FieldDoc> list_fields() {
        Self layer;
        FieldLister lister;
        layer.fields(lister);
        return std::move(lister.docs);
    }
};

}  // namespace gatewright::model
