// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "arch/design.h"
#include "compile/options.h"
#include "support/progress.h"

namespace gatewright::cli {

/// The function of a design directory or of a model file, without its hardware.
struct LoadedFunction {
    model::TypedGraph typed;
    std::optional<model::Graph> float_graph;
    arch::Design design;
    arch::FlatProgram flat;
};
Result<LoadedFunction> load_function(const compile::Options& options, Progress& progress);

/// A layer's name as a file name: letters, digits, '_', '-', '.'; anything else becomes '_'.
std::string safe_file_name(const std::string& name);

}  // namespace gatewright::cli
