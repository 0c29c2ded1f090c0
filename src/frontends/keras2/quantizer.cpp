// SPDX-License-Identifier: Apache-2.0
#include "frontends/keras2/quantizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "frontends/keras2/architecture.h"

namespace gatewright::frontends::keras2 {

namespace {

/// Constructor arguments in Python's order, for positional text.
const std::map<std::string, std::vector<std::string>>& signatures() {
    static const std::map<std::string, std::vector<std::string>> kSignatures = {
        {"quantized_bits",
         {"bits", "integer", "symmetric", "keep_negative", "alpha", "use_stochastic_rounding",
          "scale_axis", "qnoise_factor"}},
        {"quantized_linear",
         {"bits", "integer", "symmetric", "keep_negative", "alpha", "use_stochastic_rounding",
          "scale_axis", "qnoise_factor"}},
        {"quantized_relu",
         {"bits", "integer", "use_sigmoid", "negative_slope", "use_stochastic_rounding",
          "relu_upper_bound", "is_quantized_clip", "qnoise_factor"}},
        {"quantized_tanh", {"bits", "use_stochastic_rounding", "symmetric", "use_real_tanh"}},
        {"quantized_sigmoid", {"bits", "symmetric", "use_real_sigmoid", "use_stochastic_rounding"}},
        {"binary", {"use_01", "alpha", "use_stochastic_rounding"}},
        {"stochastic_binary", {"alpha", "temperature", "use_real_sigmoid"}},
        {"ternary", {"alpha", "threshold", "use_stochastic_rounding", "number_of_unrolls"}},
        {"stochastic_ternary",
         {"alpha", "threshold", "temperature", "use_real_sigmoid", "number_of_unrolls"}},
        {"quantized_po2",
         {"bits", "max_value", "use_stochastic_rounding", "quadratic_approximation",
          "log2_rounding", "qnoise_factor"}},
        {"quantized_relu_po2",
         {"bits", "max_value", "negative_slope", "use_stochastic_rounding",
          "quadratic_approximation", "log2_rounding", "qnoise_factor"}},
        {"bernoulli", {}},
        {"quantized_ulaw", {}},
        {"quantized_hswish", {}},
    };
    return kSignatures;
}

/// Arguments that change training only.
bool is_training_only(const std::string& key) {
    return key == "use_stochastic_rounding" || key == "use_ste" || key == "var_name" ||
           key == "use_variables" || key == "temperature" || key == "name";
}

Json python_literal(std::string_view text) {
    const auto strip = [&](std::string_view blank) {
        const std::size_t first = text.find_first_not_of(blank);
        text = first == std::string_view::npos
                   ? std::string_view()
                   : text.substr(first, text.find_last_not_of(blank) - first + 1);
    };
    strip(" \t");
    if (text == "True") return true;
    if (text == "False") return false;
    if (text == "None") return {};
    if (const auto number = parse_json(text); number && number->is_number()) return *number;
    strip("'\"");
    return {text};
}

/// "quantized_bits(6,1,alpha=1)" -> name and config.
Result<std::pair<std::string, Json>> parse_text(const std::string& text) {
    const std::size_t open = text.find('(');
    const std::string name = text.substr(0, open);
    Json config = Json::object();
    const auto signature = signatures().find(name);
    if (open == std::string::npos || signature == signatures().end())
        return std::pair{name, config};
    // QKeras' own reader gives up on nested parentheses and takes the quantizer's defaults, so a
    // network with "quantized_relu(quantized_bits(8,0),0)" was trained with quantized_relu(8,0).
    if (text.find('(', open + 1) != std::string::npos) return std::pair{name, config};
    if (text.back() != ')') return fail(fmt::format("'{}' has no closing parenthesis", text));
    std::string_view inside = std::string_view(text).substr(open + 1, text.size() - open - 2);
    for (std::size_t position = 0; !inside.empty(); ++position) {
        const std::size_t comma = inside.find(',');
        const std::string_view item = inside.substr(0, comma);
        inside.remove_prefix(comma == std::string_view::npos ? inside.size() : comma + 1);
        const std::size_t equal = item.find('=');
        if (equal != std::string_view::npos) {
            const Json key = python_literal(item.substr(0, equal));
            if (!key.is_string()) return fail(fmt::format("'{}': wrong keyword", text));
            config.set(key.as_string(), python_literal(item.substr(equal + 1)));
        } else if (position >= signature->second.size()) {
            return fail(fmt::format("'{}' has too many arguments", text));
        } else {
            config.set(signature->second[position], python_literal(item));
        }
    }
    return std::pair{name, config};
}

Result<std::pair<std::string, Json>> name_and_config(const Json& json) {
    if (json.is_string()) return parse_text(json.as_string());
    GW_TRY(const std::string name, json.get_string("class_name"));
    const Json* config = json.find("config");
    if (config != nullptr && config->is_string()) return parse_text(config->as_string());
    return std::pair{plain_class_name(name),
                     config != nullptr && config->is_object() ? *config : Json::object()};
}

/// Python's truth of a number or a boolean.
Result<bool> truth(const Json& json) {
    if (json.is_bool()) return json.as_bool();
    if (json.is_number()) return json.as_number() != 0;
    return fail(fmt::format("is {}, expected true, false or a number", json.type_name()));
}

Status collect_numbers(const Json& json, std::vector<float>& numbers) {
    if (json.is_array()) {
        for (const Json& item : json.as_array()) GW_TRY_STATUS(collect_numbers(item, numbers));
        return {};
    }
    if (!json.is_number() || !std::isfinite(static_cast<float>(json.as_number()))) {
        return fail("alpha must be None, 'auto', 'auto_po2', a finite number, or one per channel");
    }
    numbers.push_back(static_cast<float>(json.as_number()));
    return {};
}

Result<Alpha> read_alpha(const Json& json) {
    Alpha alpha;
    if (json.is_null()) return alpha;
    if (json.is_string() && (json.as_string() == "auto" || json.as_string() == "auto_po2")) {
        alpha.kind = json.as_string() == "auto" ? Alpha::Kind::kAuto : Alpha::Kind::kAutoPo2;
        return alpha;
    }
    alpha.kind = Alpha::Kind::kNumbers;
    GW_TRY_STATUS(collect_numbers(json, alpha.numbers));
    if (alpha.numbers.empty()) return fail("alpha is an empty list");
    return alpha;
}

Status read_argument(const std::string& key, const Json& value, QuantizerSpec& spec) {
    const auto as_flag = [&](bool& target) -> Status {
        GW_TRY(target, truth(value));
        return {};
    };
    const auto as_integer = [&](std::int64_t& target) -> Status {
        if (!value.is_number() || value.as_number() != std::floor(value.as_number()) ||
            std::abs(value.as_number()) > 1000) {
            return fail("must be a whole number between -1000 and 1000");
        }
        target = static_cast<std::int64_t>(value.as_number());
        return {};
    };
    const auto as_optional = [&](std::optional<double>& target) -> Status {
        if (value.is_null()) return {};
        if (!value.is_number() || !std::isfinite(value.as_number()))
            return fail("must be a number");
        target = value.as_number();
        return {};
    };
    if (key == "bits") return as_integer(spec.bits);
    if (key == "integer") return as_integer(spec.integer);
    if (key == "number_of_unrolls") return as_integer(spec.unrolls);
    if (key == "symmetric") return as_flag(spec.symmetric);
    if (key == "keep_negative") return as_flag(spec.keep_negative);
    if (key == "use_sigmoid") return as_flag(spec.use_sigmoid);
    if (key == "is_quantized_clip") return as_flag(spec.is_quantized_clip);
    if (key == "use_real_tanh" || key == "use_real_sigmoid") return as_flag(spec.use_real);
    if (key == "use_01") return as_flag(spec.use_01);
    if (key == "quadratic_approximation") return as_flag(spec.quadratic);
    if (key == "relu_upper_bound") return as_optional(spec.relu_upper_bound);
    if (key == "threshold") return as_optional(spec.threshold);
    if (key == "max_value") return as_optional(spec.max_value);
    if (key == "alpha") {
        GW_TRY(spec.alpha, read_alpha(value));
        return {};
    }
    if (key == "negative_slope") {
        if (!value.is_number()) return fail("must be a number");
        spec.negative_slope = value.as_number();
        return {};
    }
    if (key == "log2_rounding") {
        spec.floor_log2 = value.is_string() && value.as_string() == "floor";
        return {};
    }
    if (key == "qnoise_factor") {
        if (value.is_number() && value.as_number() == 1) return {};
        return fail("is not 1: the model is not fully quantized; set it to 1 before saving");
    }
    if (key == "scale_axis") {
        return value.is_null() ? Status{} : fail("is not supported; leave it out (last axis)");
    }
    if (is_training_only(key)) return {};
    return fail("is an unknown argument");
}

bool is_one_of(const std::string& name, std::initializer_list<const char*> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// What the arguments must satisfy together.
Status check(const QuantizerSpec& spec) {
    if (spec.bits < 1 || spec.bits > 64)
        return fail(fmt::format("has {} bits; expected 1 to 64", spec.bits));
    if (std::abs(spec.integer) > 100) return fail("has an integer part beyond 100 bits");
    if (spec.unrolls < 0 || spec.unrolls > 100) return fail("number_of_unrolls must be 0 to 100");
    const bool is_auto =
        spec.alpha.kind == Alpha::Kind::kAuto || spec.alpha.kind == Alpha::Kind::kAutoPo2;
    if (spec.name == "quantized_linear") {
        const bool plain = spec.alpha.kind == Alpha::Kind::kNone ||
                           (spec.alpha.numbers.size() == 1 && spec.alpha.numbers[0] == 1);
        if (!plain) return fail("is read with alpha=1 only; use quantized_bits for other scales");
    }
    if (spec.name == "quantized_bits" && is_auto && spec.bits < 2) {
        return fail("with alpha auto needs at least 2 bits; use binary");
    }
    if (is_one_of(spec.name, {"quantized_po2", "quantized_relu_po2"}) && spec.bits > 8) {
        return fail("has more than 8 exponent bits");
    }
    if (spec.name == "quantized_relu" && spec.negative_slope != 0) {
        int exponent = 0;
        const bool power = std::frexp(spec.negative_slope, &exponent) == 0.5;
        if (!power || spec.negative_slope > 1 || exponent < -60 || spec.bits < 2) {
            return fail(
                "negative_slope must be a power of two from 2^-60 to 1, with 2 bits or more");
        }
        if (spec.use_sigmoid)
            return fail("with both use_sigmoid and negative_slope is not supported");
    }
    return {};
}

}  // namespace

bool is_quantizer(const Json& json) {
    if (json.is_object()) {
        const Json* name = json.find("class_name");
        if (name == nullptr || !name->is_string()) return false;
        const std::string plain = plain_class_name(name->as_string());
        return signatures().contains(plain) || plain.rfind("quantized_", 0) == 0;
    }
    if (!json.is_string()) return false;
    const std::string name = json.as_string().substr(0, json.as_string().find('('));
    return signatures().contains(name) || name.rfind("quantized_", 0) == 0;
}

Result<QuantizerSpec> read_quantizer(const Json& json, Role role) {
    GW_TRY(auto parsed, name_and_config(json));
    QuantizerSpec spec;
    spec.name = parsed.first;
    if (spec.name == "bernoulli") {
        return fail(
            "quantizer 'bernoulli' draws at random at inference too; use binary or "
            "stochastic_binary");
    }
    if (spec.name == "quantized_ulaw" || spec.name == "quantized_hswish") {
        return fail(
            fmt::format("quantizer '{}' is not supported; use quantized_bits, quantized_tanh or "
                        "quantized_relu",
                        spec.name));
    }
    if (!signatures().contains(spec.name)) {
        return fail(
            fmt::format("unknown quantizer '{}'; known: quantized_bits, quantized_linear, "
                        "quantized_relu, quantized_tanh, quantized_sigmoid, binary, ternary, "
                        "stochastic_binary, stochastic_ternary, quantized_po2, "
                        "quantized_relu_po2",
                        spec.name.substr(0, 60)));
    }
    if (spec.name == "quantized_linear") spec.symmetric = true;
    for (const auto& [key, value] : parsed.second.as_object()) {
        if (const Status status = read_argument(key, value, spec); !status) {
            return fail(
                fmt::format("quantizer {}: '{}' {}", spec.name, key, status.error().message));
        }
    }
    if (spec.name.rfind("stochastic_", 0) == 0) {
        spec.name = spec.name.substr(11);
        spec.use_real = false;
    }
    if (spec.name == "quantized_linear" && role == Role::kKernel &&
        spec.alpha.kind == Alpha::Kind::kNone) {
        return fail(
            "quantizer quantized_linear without alpha means an automatic scale in a kernel; "
            "state alpha=1, or use quantized_bits");
    }
    const bool scalable = is_one_of(spec.name, {"quantized_bits", "binary", "ternary"});
    if (role == Role::kKernel && scalable && spec.alpha.kind == Alpha::Kind::kNone) {
        spec.alpha.kind = Alpha::Kind::kAutoPo2;
    }
    const bool is_auto =
        spec.alpha.kind == Alpha::Kind::kAuto || spec.alpha.kind == Alpha::Kind::kAutoPo2;
    if (is_auto) spec.symmetric = true;
    if (const Status status = check(spec); !status) {
        return fail(fmt::format("quantizer {} {}", spec.name, status.error().message));
    }
    return spec;
}

fixed::Cast cast_of(const QuantizerSpec& spec) {
    const bool relu = spec.name == "quantized_relu";
    const bool is_signed = relu ? false : spec.keep_negative;
    const auto width = static_cast<int>(spec.bits);
    const int frac = width - static_cast<int>(is_signed) - static_cast<int>(spec.integer);
    const bool symmetric = spec.symmetric && is_signed;
    return {{is_signed, width, frac},
            fixed::Round::kRndConv,
            symmetric ? fixed::Overflow::kSatSym : fixed::Overflow::kSat,
            0};
}

std::int64_t magnitude_bits(const QuantizerSpec& spec) {
    if (spec.name == "binary" || spec.name == "ternary") return 1;
    if (spec.name == "quantized_po2" || spec.name == "quantized_relu_po2") return 1;
    if (spec.name == "quantized_relu") return spec.bits;
    return std::max<std::int64_t>(1, spec.bits - (spec.keep_negative ? 1 : 0));
}

}  // namespace gatewright::frontends::keras2
