// SPDX-License-Identifier: Apache-2.0
//
// From a model file to a graph. Each format has its own folder and knows only its own format; this
// page decides which one a file is.
#pragma once

#include <optional>
#include <string>

#include "frontends/precision.h"
#include "model/graph.h"

namespace gatewright::frontends {

struct ImportParams {
    /// Type of the design's input ports. Empty: the model's own first quantizer, at the port.
    std::optional<fixed::Cast> input_type;
    Precision precision;
    /// Keras 2 JSON: the weight file, if not beside the JSON under the usual names.
    std::string weights_path;
    /// Softmax at the model's end: keep it (false) or only what orders the classes (true).
    bool winner_only = false;
};

struct ImportedModel {
    model::Graph graph;
    /// The same network without quantizers, weights as trained, where the file has them.
    std::optional<model::Graph> float_graph;
    /// EBOPs per layer as the training tool stored them, by the user's layer name (HGQ2).
    std::map<std::string, double> stored_ebops;
    std::vector<std::string> warnings;
};

/// Detects the format by content: Keras 3 .keras, Keras 2 .h5 / JSON + weights, native JSON, a
/// program (DAIS, ALIR, our text), or a design directory (its model.json).
Result<ImportedModel> import_model(const std::string& path, const ImportParams& params = {});

}  // namespace gatewright::frontends
