// SPDX-License-Identifier: Apache-2.0
#include "compile/options.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "compile/mapping_options.h"

namespace gatewright::compile {
namespace {

struct Quantity {
    double number = 0;
    std::string unit;  // lower case
};

// "360MHz" -> {360, "mhz"}; nullopt unless it starts with a positive finite number.
std::optional<Quantity> split_unit(std::string_view text) {
    const std::string copy(text);
    char* end = nullptr;
    Quantity out{std::strtod(copy.c_str(), &end), {}};
    if (end == copy.c_str() || !std::isfinite(out.number) || out.number <= 0) return std::nullopt;
    for (const char* c = end; *c != '\0'; ++c) {
        if (std::isspace(static_cast<unsigned char>(*c)) != 0) continue;
        out.unit += static_cast<char>(std::tolower(static_cast<unsigned char>(*c)));
    }
    return out;
}

Json cast_json(const std::optional<fixed::Cast>& cast) {
    return cast ? Json(to_string(*cast)) : Json();
}

Status read_cast(const Json& json, std::string_view key, std::optional<fixed::Cast>& out) {
    const Json* found = json.find(key);
    if (found == nullptr || found->is_null()) return {};
    GW_TRY(const std::string text, json.get_string(key));
    GW_TRY(out, fixed::parse_cast(text));
    return {};
}

using LayerField = std::optional<fixed::Cast> frontends::LayerPrecision::*;
constexpr std::array<std::pair<const char*, LayerField>, 4> kLayerFields = {{
    {"weight", &frontends::LayerPrecision::weight},
    {"bias", &frontends::LayerPrecision::bias},
    {"accumulator", &frontends::LayerPrecision::accumulator},
    {"result", &frontends::LayerPrecision::result},
}};

}  // namespace

Result<double> parse_clock(std::string_view text) {
    constexpr double kMaxMhz = 10000;
    const auto quantity = split_unit(text);
    double mhz = 0;
    if (quantity) {
        if (quantity->unit.empty() || quantity->unit == "mhz") mhz = quantity->number;
        if (quantity->unit == "ghz") mhz = quantity->number * 1e3;
        if (quantity->unit == "khz") mhz = quantity->number * 1e-3;
        if (quantity->unit == "ns") mhz = 1e3 / quantity->number;
        if (quantity->unit == "ps") mhz = 1e6 / quantity->number;
    }
    if (mhz <= 0 || mhz > kMaxMhz) {
        return fail(fmt::format(
            "'{}' is no clock; expected for example 360MHz, 0.36GHz or 2.5ns (at most {:.0f} MHz)",
            text, kMaxMhz));
    }
    return mhz;
}

Result<LatencyBudget> parse_latency(std::string_view text) {
    const auto quantity = split_unit(text);
    if (quantity) {
        if (quantity->unit == "ns") return LatencyBudget{quantity->number, 0};
        if (quantity->unit == "us") return LatencyBudget{quantity->number * 1e3, 0};
        const bool cycles =
            quantity->unit.empty() || quantity->unit == "cycles" || quantity->unit == "cycle";
        if (cycles && quantity->number == std::floor(quantity->number) &&
            quantity->number <= 100000) {
            return LatencyBudget{0, static_cast<int>(quantity->number)};
        }
    }
    return fail(
        fmt::format("'{}' is no latency; expected for example 100ns, 0.5us or 12cycles", text));
}

Json to_json(const Options& options) {
    Json json = Json::object();
    json.set("part", options.part);
    json.set("clock_mhz", options.clock_mhz ? Json(*options.clock_mhz) : Json());
    if (options.latency) {
        json.set("latency_ns", options.latency->nanoseconds);
        json.set("latency_cycles", std::int64_t{options.latency->cycles});
    }
    const PipelineOptions& pipeline = options.pipeline;
    json.set("stages", pipeline.stages ? Json(std::int64_t{*pipeline.stages}) : Json());
    json.set("input_register", pipeline.input_register);
    json.set("output_register", pipeline.output_register);
    json.set("register_fanout", std::int64_t{pipeline.register_fanout});
    json.set("input_type", cast_json(options.import.input_type));
    json.set("winner_only", options.import.winner_only);
    json.set("precision", cast_json(options.import.precision.everywhere));
    Json layers = Json::object();
    for (const auto& [name, precision] : options.import.precision.layers) {
        Json layer = Json::object();
        for (const auto& [key, field] : kLayerFields) {
            if (precision.*field) layer.set(key, cast_json(precision.*field));
        }
        layers.set(name, std::move(layer));
    }
    json.set("layer_precision", std::move(layers));
    json.set("adder_effort", std::int64_t{options.cmvm.effort});
    json.set("adder_depth_slack", std::int64_t{options.cmvm.depth_slack});
    json.set("ternary_adders", options.ternary_adders ? Json(*options.ternary_adders) : Json());
    json.set("passes", Json::array_of(options.passes.only));
    json.set("without_passes", Json::array_of(options.passes.without));
    json.set("mapping", to_json(options.mapping));
    return json;
}

namespace {
std::vector<std::string> names_in(const Json& json, const char* key) {
    std::vector<std::string> names;
    const Json* list = json.find(key);
    if (list == nullptr || !list->is_array()) return names;
    for (const Json& name : list->as_array()) {
        if (name.is_string()) names.push_back(name.as_string());
    }
    return names;
}
}  // namespace

Result<Options> options_from_json(const Json& json) {
    Options options;
    GW_TRY(options.part, json.get_string("part"));
    if (const Json* clock = json.find("clock_mhz"); clock != nullptr && clock->is_number()) {
        options.clock_mhz = clock->as_number();
    }
    if (json.contains("latency_ns")) {
        LatencyBudget budget;
        GW_TRY(budget.nanoseconds, json.get_number("latency_ns"));
        GW_TRY(const std::int64_t cycles, json.get_integer("latency_cycles"));
        budget.cycles = static_cast<int>(cycles);
        options.latency = budget;
    }
    PipelineOptions& pipeline = options.pipeline;
    if (const Json* stages = json.find("stages"); stages != nullptr && stages->is_number()) {
        GW_TRY(const std::int64_t count, json.get_integer("stages"));
        pipeline.stages = static_cast<int>(count);
    }
    GW_TRY(pipeline.input_register, json.bool_or("input_register", true));
    GW_TRY(pipeline.output_register, json.bool_or("output_register", true));
    GW_TRY(const std::int64_t fanout, json.integer_or("register_fanout", 0));
    pipeline.register_fanout = static_cast<int>(fanout);
    GW_TRY_STATUS(read_cast(json, "input_type", options.import.input_type));
    GW_TRY_STATUS(read_cast(json, "precision", options.import.precision.everywhere));
    GW_TRY(options.import.winner_only, json.bool_or("winner_only", false));
    if (const Json* layers = json.find("layer_precision");
        layers != nullptr && layers->is_object()) {
        for (const auto& [name, layer] : layers->as_object()) {
            for (const auto& [key, field] : kLayerFields) {
                GW_TRY_STATUS(read_cast(layer, key, options.import.precision.layers[name].*field));
            }
        }
    }
    GW_TRY(const std::int64_t effort, json.integer_or("adder_effort", options.cmvm.effort));
    GW_TRY(const std::int64_t slack,
           json.integer_or("adder_depth_slack", options.cmvm.depth_slack));
    options.cmvm.effort = static_cast<int>(effort);
    options.cmvm.depth_slack = static_cast<int>(slack);
    if (const Json* ternary = json.find("ternary_adders");
        ternary != nullptr && ternary->is_bool()) {
        options.ternary_adders = ternary->as_bool();
    }
    options.passes.only = names_in(json, "passes");
    options.passes.without = names_in(json, "without_passes");
    if (const Json* mapping = json.find("mapping"); mapping != nullptr) {
        GW_TRY(options.mapping, mapping_from_json(*mapping));
    }
    return options;
}

}  // namespace gatewright::compile
