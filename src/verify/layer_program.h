// SPDX-License-Identifier: Apache-2.0
//
// One layer cut out of its kernel: the part of the kernel's program between the layer's input
// values and its output values. Inputs become free (each with its proven range), so whatever is
// proven of this program holds for the layer in place.
#pragma once

#include <optional>
#include <vector>

#include "arch/design.h"

namespace gatewright::verify {

/// What an element of a layer's operand is: input `atom` of the cut program, or a constant.
struct Feed {
    std::optional<std::size_t> atom;
    fixed::Dyadic constant;
};

struct LayerProgram {
    dfg::Program program;                  ///< one output per element of the layer's output
    std::vector<std::vector<Feed>> feeds;  ///< per operand, per element

    /// Operand values when atom i has the value atoms[i].
    [[nodiscard]] std::vector<model::Values> operands(const model::TypedGraph& typed, LayerId layer,
                                                      std::span<const fixed::Dyadic> atoms) const;
};

/// Fails, with the reason, if the layer cannot be cut out: a pass has rewritten its kernel, or has
/// merged it with what comes before.
Result<LayerProgram> cut_layer(const model::TypedGraph& typed, const arch::Design& design,
                               LayerId layer);

}  // namespace gatewright::verify
