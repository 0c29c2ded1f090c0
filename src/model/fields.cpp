// SPDX-License-Identifier: Apache-2.0
#include "model/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "interchange/alir.h"

namespace gatewright::model {

using fixed::Cast;
using fixed::Dyadic;

namespace {

template <class T>
Json write_list(const std::vector<T>& values) {
    Json out = Json::array();
    for (const T& value : values) out.push_back(write_field(value));
    return out;
}

template <class T>
Status read_list(const Json& json, std::vector<T>& values) {
    if (!json.is_array()) return fail(fmt::format("is {}, expected a list", json.type_name()));
    values.clear();
    for (std::size_t i = 0; i < json.as_array().size(); ++i) {
        T value{};
        if (const Status status = read_field(json.as_array()[i], value); !status) {
            return fail(fmt::format("element {} {}", i, status.error().message));
        }
        values.push_back(std::move(value));
    }
    return {};
}

Json write_nested(const Values& values, std::size_t axis, std::size_t& next) {
    if (axis == values.shape.size()) return write_field(values[next++]);
    Json out = Json::array();
    for (std::int64_t i = 0; i < values.shape[axis]; ++i)
        out.push_back(write_nested(values, axis + 1, next));
    return out;
}

Status read_nested(const Json& json, std::size_t axis, Values& values) {
    if (axis == values.shape.size()) {
        Dyadic value;
        GW_TRY_STATUS(read_field(json, value));
        values.data.push_back(std::move(value));
        return {};
    }
    if (!json.is_array() ||
        static_cast<std::int64_t>(json.as_array().size()) != values.shape[axis]) {
        return fail("is a ragged array: every row needs the same length");
    }
    for (const Json& item : json.as_array()) GW_TRY_STATUS(read_nested(item, axis + 1, values));
    return {};
}

}  // namespace

Json write_field(bool value) {
    return {value};
}
Json write_field(std::int64_t value) {
    return {value};
}
Json write_field(const std::string& value) {
    return {value};
}

Json write_field(const Dyadic& value) {
    const double nearest = value.to_double();
    if (!std::isfinite(nearest) || *Dyadic::from_double(nearest) != value)
        return {value.to_string()};
    if (nearest == std::floor(nearest) && std::abs(nearest) < 0x1p53) {
        return {static_cast<std::int64_t>(nearest)};
    }
    return {nearest};
}

Json write_field(const Cast& value) {
    return {to_string(value)};
}
Json write_field(const std::vector<std::int64_t>& value) {
    return write_list(value);
}
Json write_field(const std::vector<Dyadic>& value) {
    return write_list(value);
}

Json write_field(const std::vector<Cast>& value) {
    const bool alike =
        std::all_of(value.begin(), value.end(), [&](const Cast& c) { return c == value[0]; });
    return !value.empty() && alike ? write_field(value[0]) : write_list(value);
}

Json write_field(const Values& value) {
    std::size_t next = 0;
    return write_nested(value, 0, next);
}

Json write_field(const interchange::SlotProgram& value) {
    return interchange::write_alir(value);
}

Status read_field(const Json& json, interchange::SlotProgram& value) {
    if (!interchange::is_alir(json)) {
        return fail(fmt::format("is {}, expected an object with \"meta\" and \"spec_version\"",
                                json.type_name()));
    }
    GW_TRY(value, interchange::read_alir(json));
    return {};
}

Status read_field(const Json& json, bool& value) {
    if (!json.is_bool())
        return fail(fmt::format("is {}, expected true or false", json.type_name()));
    value = json.as_bool();
    return {};
}

Status read_field(const Json& json, std::int64_t& value) {
    if (!json.is_integer())
        return fail(fmt::format("is {}, expected an integer", json.type_name()));
    value = json.as_integer();
    return {};
}

Status read_field(const Json& json, std::string& value) {
    if (!json.is_string()) return fail(fmt::format("is {}, expected text", json.type_name()));
    value = json.as_string();
    return {};
}

Status read_field(const Json& json, Dyadic& value) {
    if (json.is_integer()) {
        value = Dyadic(fixed::Integer(json.as_integer()), 0);
        return {};
    }
    if (json.is_number()) {
        const auto exact = Dyadic::from_double(json.as_number());
        if (!exact) return fail(fmt::format("is {}, expected a finite number", json.as_number()));
        value = *exact;
        return {};
    }
    if (json.is_string()) {
        if (const auto exact = Dyadic::parse(json.as_string())) {
            value = *exact;
            return {};
        }
    }
    return fail(fmt::format("is {}, expected a number or \"m*2^e\"", json.type_name()));
}

Status read_field(const Json& json, Cast& value) {
    if (!json.is_string()) {
        return fail(
            fmt::format("is {}, expected a type such as \"fixed<16,6>\"", json.type_name()));
    }
    auto cast = fixed::parse_cast(json.as_string());
    if (!cast) return fail(cast.error().message);
    value = *cast;
    return {};
}

Status read_field(const Json& json, std::vector<std::int64_t>& value) {
    return read_list(json, value);
}
Status read_field(const Json& json, std::vector<Dyadic>& value) {
    return read_list(json, value);
}

Status read_field(const Json& json, std::vector<Cast>& value) {
    if (json.is_array()) return read_list(json, value);
    value.resize(1);
    return read_field(json, value[0]);
}

Status read_field(const Json& json, Values& value) {
    value = Values();
    value.shape.clear();
    for (const Json* level = &json; level->is_array();) {
        value.shape.push_back(static_cast<std::int64_t>(level->as_array().size()));
        if (level->as_array().empty()) break;
        level = &level->as_array()[0];
    }
    value.data.clear();
    return read_nested(json, 0, value);
}

void FieldReader::refuse_unknown() {
    if (!json_.is_object()) {
        problems.add(fmt::format("attributes are {}, expected an object", json_.type_name()));
        return;
    }
    for (const auto& [key, value] : json_.as_object()) {
        if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
            problems.add(fmt::format("unknown attribute '{}'", key));
        }
    }
}

}  // namespace gatewright::model
