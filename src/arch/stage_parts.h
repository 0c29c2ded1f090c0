// SPDX-License-Identifier: Apache-2.0
//
// Programs of a stage's parts: the layers of a chain lowered one after the other, for inputs with
// the formats and ranges of the streams.
#pragma once

#include "arch/linear_head.h"
#include "arch/stage_chain.h"

namespace gatewright::arch {

/// What one input of a stage's parts is: all taps' channels.
using TapInputs = std::vector<HeadInput>;

struct PartParams {
    const model::TypedGraph& graph;
    const cmvm::SolveParams& cmvm;
    cmvm::Cache& cache;
};

/// The part for one combination of the chain's layers' parts (Combinations::parts).
Result<dfg::Program> part_program(const std::vector<ChainLayer>& chain,
                                  const std::vector<std::uint32_t>& combination,
                                  const std::vector<TapInputs>& inputs, const PartParams& params);

/// The same behind a head that stands for the first layer, or for its sums (an average): from the
/// head's sums to the channels.
Result<dfg::Program> tail_program(const std::vector<ChainLayer>& chain, const LinearHead& head,
                                  const PartParams& params);

}  // namespace gatewright::arch
