// SPDX-License-Identifier: Apache-2.0
//
// A program file (da4ml's DAIS, alkaid's ALIR, our dataflow text) as a model of two layers: an
// input of the types the program reads, and the program. From there it is compiled, verified and
// reported like any network.
#pragma once

#include <string>

#include "frontends/import.h"

namespace gatewright::frontends {

/// Reads the file, gzipped or not. `params.input_type` replaces the types of the inputs. Errors
/// start with the path.
Result<ImportedModel> import_program(const std::string& path, const ImportParams& params);

}  // namespace gatewright::frontends
