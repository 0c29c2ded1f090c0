// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "model/layer.h"

namespace gatewright::layers {

/// All layer kinds, in the order of layers.def.
std::span<const model::LayerDef> all_layers();
const model::LayerDef* find_layer(std::string_view kind);
/// A layer from its JSON attributes; an unknown kind is an error that lists the known ones.
Result<std::unique_ptr<model::Layer>> make_layer(std::string_view kind, const Json& attributes);

}  // namespace gatewright::layers
