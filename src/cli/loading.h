// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "compile/options.h"
#include "dfg/interface.h"
#include "emulate/batch_function.h"
#include "model/graph.h"
#include "support/progress.h"

namespace gatewright::cli {

/// The function of a design directory or of a model file, without its hardware.
struct LoadedFunction {
    model::TypedGraph typed;
    std::optional<model::Graph> float_graph;
    dfg::Interface ports;
    std::shared_ptr<const emulate::BatchFunction> batch;
};
Result<LoadedFunction> load_function(const compile::Options& options, Progress& progress);

/// The same as one dataflow program, before any pass.
Result<dfg::Program> load_dataflow(const compile::Options& options, Progress& progress);

/// A layer's name as a file name: letters, digits, '_', '-', '.'; anything else becomes '_'.
std::string safe_file_name(const std::string& name);

}  // namespace gatewright::cli
