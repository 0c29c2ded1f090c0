// SPDX-License-Identifier: Apache-2.0
//
// An imported model on real events: as dataflow (all kernels joined) and as reference loops, which
// must agree on every output of every event.
#pragma once

#include "model/graph.h"
#include "support/result.h"
#include "tensor/tensor.h"

namespace gatewright::testing {

struct ModelRun {
    tensor::Tensor<double> outputs;        ///< [events, output elements over all ports]
    std::size_t reference_mismatches = 0;  ///< outputs where reference and dataflow differ
    double ebops = 0;                      ///< recomputed, all layers
};

/// `inputs` is [events, input elements over all ports], real values; `reference_events` of them
/// also go through the reference loops.
Result<ModelRun> run_model(const model::Graph& graph, const tensor::Tensor<double>& inputs,
                           std::size_t reference_events);

/// Share of events whose largest of the first `classes` outputs is the label.
double accuracy(const tensor::Tensor<double>& outputs, const tensor::Tensor<std::int64_t>& labels,
                std::size_t classes);

}  // namespace gatewright::testing
