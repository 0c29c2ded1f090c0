// SPDX-License-Identifier: Apache-2.0
#include "arch/mapping.h"

#include <algorithm>

namespace gatewright::arch {

bool needs_stages(const MappingParams& params) {
    const auto layer_asks = [](const auto& entry) {
        const LayerMapping& layer = entry.second;
        return layer.reuse.value_or(1) > 1 || layer.weights == WeightStore::kLoadable;
    };
    return params.io == Io::kStream || params.reuse > 1 ||
           params.weights == WeightStore::kLoadable ||
           std::any_of(params.layers.begin(), params.layers.end(), layer_asks);
}

}  // namespace gatewright::arch
