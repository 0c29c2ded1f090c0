// SPDX-License-Identifier: Apache-2.0
#include "layers/registry.h"

#include <fmt/format.h>

#include <vector>

#include "layers/all_layers.h"

namespace gatewright::layers {

std::span<const model::LayerDef> all_layers() {
    static const std::vector<model::LayerDef> kLayers = {
#define GW_LAYER(type, header) type::def(),
#include "layers/layers.def"
#undef GW_LAYER
    };
    return kLayers;
}

const model::LayerDef* find_layer(std::string_view kind) {
    for (const model::LayerDef& def : all_layers()) {
        if (def.kind == kind) return &def;
    }
    return nullptr;
}

Result<std::unique_ptr<model::Layer>> make_layer(std::string_view kind, const Json& attributes) {
    if (const model::LayerDef* def = find_layer(kind)) return def->from_json(attributes);
    std::string known;
    for (const model::LayerDef& def : all_layers()) known += fmt::format(" {}", def.kind);
    return fail(fmt::format("unknown layer kind '{}'; known kinds:{}", kind, known));
}

}  // namespace gatewright::layers
