// SPDX-License-Identifier: Apache-2.0
#include "compile/optimize.h"

#include <algorithm>
#include <map>

namespace gatewright::compile {
namespace {

using arch::KernelId;

std::map<LayerId, KernelId> kernel_of_layers(const arch::Design& design) {
    std::map<LayerId, KernelId> kernels;
    for (std::size_t k = 0; k < design.kernels.size(); ++k) {
        for (const LayerId layer : design.kernels[k].layers) kernels.emplace(layer, KernelId(k));
    }
    return kernels;
}

}  // namespace

Result<arch::FlatProgram> optimize_flat(const arch::Design& design, const arch::FlatProgram& flat,
                                        const opt::OptimizeParams& params,
                                        opt::OptimizeStats* stats) {
    arch::FlatProgram out;
    GW_TRY(out.program, opt::optimize(flat.program, params, stats));
    const std::map<LayerId, KernelId> kernels = kernel_of_layers(design);
    for (const dfg::Node& node : out.program.nodes()) {
        if (node.op == dfg::Op::kInput) {
            out.kernel_of.emplace_back();
            continue;
        }
        std::size_t kernel = 0;
        if (const auto own = kernels.find(node.layer); own != kernels.end()) {
            kernel = own->second.index();
        }
        for (const dfg::ValueId arg : node.operands()) {
            const KernelId below = out.kernel_of[arg.index()];
            const bool is_made = out.program[arg].op != dfg::Op::kConstant && below.valid();
            if (is_made) kernel = std::max(kernel, below.index());
        }
        out.kernel_of.emplace_back(kernel);
    }
    return out;
}

}  // namespace gatewright::compile
