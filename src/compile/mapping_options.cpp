// SPDX-License-Identifier: Apache-2.0
#include "compile/mapping_options.h"

#include <fmt/format.h>

namespace gatewright::compile {
namespace {

using arch::Io;
using arch::MappingParams;
using arch::Multipliers;
using arch::WeightStore;

template <class Choice>
Result<Choice> choose(std::string_view text, std::string_view first, Choice is_first,
                      std::string_view second, Choice is_second) {
    if (text == first) return is_first;
    if (text == second) return is_second;
    return fail(fmt::format("'{}' is neither '{}' nor '{}'", text, first, second));
}

const char* name(Io io) {
    return io == Io::kStream ? "stream" : "parallel";
}
const char* name(WeightStore weights) {
    return weights == WeightStore::kLoadable ? "loadable" : "constant";
}
const char* name(Multipliers multipliers) {
    return multipliers == Multipliers::kDsp ? "dsp" : "logic";
}

Result<arch::LayerMapping> layer_from_json(const Json& json) {
    arch::LayerMapping layer;
    if (json.contains("reuse")) {
        GW_TRY(layer.reuse, json.get_integer("reuse"));
    }
    if (json.contains("weights")) {
        GW_TRY(const std::string text, json.get_string("weights"));
        GW_TRY(layer.weights, parse_weights(text));
    }
    if (json.contains("multipliers")) {
        GW_TRY(const std::string text, json.get_string("multipliers"));
        GW_TRY(layer.multipliers, parse_multipliers(text));
    }
    return layer;
}

}  // namespace

Result<Io> parse_io(std::string_view text) {
    return choose(text, "parallel", Io::kParallel, "stream", Io::kStream);
}
Result<WeightStore> parse_weights(std::string_view text) {
    return choose(text, "constant", WeightStore::kConstant, "loadable", WeightStore::kLoadable);
}
Result<Multipliers> parse_multipliers(std::string_view text) {
    return choose(text, "logic", Multipliers::kLogic, "dsp", Multipliers::kDsp);
}

Json to_json(const MappingParams& mapping) {
    Json json = Json::object();
    json.set("io", name(mapping.io));
    json.set("reuse", mapping.reuse);
    json.set("round_reuse", mapping.rounding == arch::ReuseRounding::kNearest);
    json.set("weights", name(mapping.weights));
    json.set("multipliers", name(mapping.multipliers));
    Json layers = Json::object();
    for (const auto& [layer, asked] : mapping.layers) {
        Json entry = Json::object();
        if (asked.reuse) entry.set("reuse", *asked.reuse);
        if (asked.weights) entry.set("weights", name(*asked.weights));
        if (asked.multipliers) entry.set("multipliers", name(*asked.multipliers));
        layers.set(layer, std::move(entry));
    }
    json.set("layers", std::move(layers));
    return json;
}

Result<MappingParams> mapping_from_json(const Json& json) {
    MappingParams mapping;
    GW_TRY(const std::string io, json.get_string("io"));
    GW_TRY(mapping.io, parse_io(io));
    GW_TRY(mapping.reuse, json.get_integer("reuse"));
    GW_TRY(const bool rounds, json.get_bool("round_reuse"));
    mapping.rounding = rounds ? arch::ReuseRounding::kNearest : arch::ReuseRounding::kRefuse;
    GW_TRY(const std::string weights, json.get_string("weights"));
    GW_TRY(mapping.weights, parse_weights(weights));
    GW_TRY(const std::string multipliers, json.get_string("multipliers"));
    GW_TRY(mapping.multipliers, parse_multipliers(multipliers));
    GW_TRY(const Json* layers, json.get_object("layers"));
    for (const auto& [layer, asked] : layers->as_object()) {
        auto read = layer_from_json(asked);
        if (!read) return fail_in(layer, read.error());
        mapping.layers[layer] = *read;
    }
    return mapping;
}

std::string to_options(const MappingParams& mapping) {
    std::string out;
    if (mapping.io != Io::kParallel) out += fmt::format(" --io {}", name(mapping.io));
    if (mapping.reuse != 1) out += fmt::format(" --reuse {}", mapping.reuse);
    if (mapping.rounding == arch::ReuseRounding::kNearest) out += " --round-reuse";
    if (mapping.weights == WeightStore::kLoadable) out += " --loadable-weights";
    if (mapping.multipliers == Multipliers::kDsp) out += " --multipliers dsp";
    return out;
}

}  // namespace gatewright::compile
