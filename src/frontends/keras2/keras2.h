// SPDX-License-Identifier: Apache-2.0
//
// Keras 2 models with plain, QKeras and hls4ml binary/ternary layers: an architecture in JSON with
// its weights in HDF5, or both in one .h5 file. The walk: architecture.h reads which layers exist
// and how they are wired, weights.h finds their tensors, quantizer.h reads QKeras' quantizers, and
// translator.h turns each layer into ours.
//
// What carries its own types (QKeras) is reproduced exactly: weights are quantized with QKeras' own
// float32 formulas and frozen. What carries none takes its types from `params.precision`: weights
// and biases are cast, products are summed exactly, and the sum is cast to the accumulator and
// result types. See docs/keras2.md.
#pragma once

#include <string>

#include "frontends/import.h"

namespace gatewright::frontends {

/// Reads NAME.json with its weights (params.weights_path, else NAME_weights.h5, NAME.weights.h5 or
/// NAME.h5 beside it), a single .h5, or the keras_metadata.pb of a SavedModel with its weights in
/// .h5. All problems are reported at once, each with its layer's name.
Result<ImportedModel> import_keras2(const std::string& path, const ImportParams& params);

}  // namespace gatewright::frontends
