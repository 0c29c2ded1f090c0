// SPDX-License-Identifier: Apache-2.0
//
// Keras 3 models with HGQ2 layers, read without Python: the `.keras` archive (zip of config.json
// and model.weights.h5) and Keras 3's single `.h5`. Weights come out exactly as HGQ2 quantizes
// them, because the float32 arithmetic before the quantizer (batch-norm folding, scaling, rounding)
// is repeated step by step; everything after the quantizer is exact arithmetic.
#pragma once

#include <string>

#include "frontends/import.h"

namespace gatewright::frontends {

/// All problems of the file are reported at once, each with its layer's name and what to use
/// instead.
Result<ImportedModel> import_keras3(const std::string& path, const ImportParams& params);

}  // namespace gatewright::frontends
