// SPDX-License-Identifier: Apache-2.0
//
// The layer list and the wiring of a Keras 2 model, from its JSON. Keras wrote four dialects of it
// over the years (Sequential as a list or as an object, functional with and without module names);
// this file hides the difference: every model comes out as layers with named inputs.
#pragma once

#include <string>
#include <vector>

#include "support/json.h"
#include "support/result.h"

namespace gatewright::frontends::keras2 {

/// One output of one call of a layer.
struct TensorRef {
    std::string layer;
    std::int64_t call = 0;
    std::int64_t tensor = 0;
    friend auto operator<=>(const TensorRef&, const TensorRef&) = default;
};

struct LayerSpec {
    std::string class_name;  ///< without package: "QDense", not "qkeras>QDense"
    std::string name;        ///< the user's
    Json config;
    /// Inputs of every call of the layer (a shared layer is called more than once).
    std::vector<std::vector<TensorRef>> calls;
};

struct Architecture {
    std::string name;
    std::vector<LayerSpec> layers;  ///< in the file's order
    std::vector<TensorRef> outputs;
};

/// Reports all problems at once.
Result<Architecture> read_architecture(const Json& json);

/// "Custom>QDense" -> "QDense".
std::string plain_class_name(const std::string& class_name);

}  // namespace gatewright::frontends::keras2
