// SPDX-License-Identifier: Apache-2.0
//
// The hardware plan: kernels (pure dataflow programs, one per layer of the user's model) and how
// values travel between them. Today every kernel is unrolled: one instance, a new event each cycle
// (initiation interval 1). A plan never changes a result.
#pragma once

#include <string>
#include <vector>

#include "dfg/interface.h"
#include "dfg/program.h"
#include "fixed/format.h"
#include "model/graph.h"
#include "tensor/tensor.h"

namespace gatewright::arch {

struct KernelTag;
using KernelId = StrongId<KernelTag>;

/// Where a value comes from: output `index` of a kernel, or (kernel invalid) element `index` of the
/// design's inputs, counted over all input ports in order.
struct Source {
    KernelId kernel;
    std::size_t index = 0;
    friend bool operator==(const Source&, const Source&) = default;
};

using dfg::Port;

struct Kernel {
    std::string name;             ///< the user's layer
    std::string description;      ///< one line: what it computes
    std::vector<LayerId> layers;  ///< nodes of the model graph
    dfg::Program program;
    /// Per layer, the value in `program` of each element of its output: what traces and proofs look
    /// at. A pass that rewrites `program` keeps this up to date, or clears it.
    std::vector<std::vector<dfg::ValueId>> values;
    std::vector<Source> inputs;  ///< one per program input
};

struct Design {
    std::string name;
    std::vector<Port> inputs;
    std::vector<Port> outputs;
    std::vector<Kernel> kernels;  ///< producers before consumers
    std::vector<Source> results;  ///< one per output element, over all output ports in order

    /// The ports alone: what the emulator needs beside the flat program.
    [[nodiscard]] dfg::Interface interface() const { return {inputs, outputs}; }
};

struct BuildParams {
    cmvm::SolveParams cmvm;
    std::string cache_directory = {};  ///< of solved kernels between runs; empty: none
};

/// Lowers every layer. One kernel per run of nodes with the same origin.
Design build_design(const model::TypedGraph& graph, const BuildParams& params = {});

/// All kernels joined into one program: inputs and outputs are the design's elements in order.
/// Values that no output needs are left out.
struct FlatProgram {
    dfg::Program program;
    std::vector<KernelId> kernel_of;  ///< per node; invalid for the design's inputs
};
FlatProgram flatten(const Design& design);

}  // namespace gatewright::arch
