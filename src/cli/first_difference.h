// SPDX-License-Identifier: Apache-2.0
//
// `emulate --first-difference`: where another tool's results first differ from ours.
#pragma once

#include "cli/event_stream.h"

namespace gatewright::cli {

/// The layers' values of a model, by name: of a design directory or of a model file.
Result<model::TypedGraph> load_layers(const compile::Options& options, Progress& progress);

/// Against a folder of <layer>.npy as --trace writes it: the earliest event that differs anywhere,
/// and in it the first layer.
Result<Outcome> compare_layers(const EmulateArgs& args, const Function& function,
                               EventSource& source, Progress& progress);
/// Against another tool's outputs, one file per output port.
Result<Outcome> compare_outputs(const EmulateArgs& args, const Function& function,
                                EventSource& source, Progress& progress);

}  // namespace gatewright::cli
