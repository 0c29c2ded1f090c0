// SPDX-License-Identifier: Apache-2.0
//
// What a program's inputs and outputs mean to the outside: named ports of shaped elements. The
// program itself knows only codes in order; the ports say which elements belong together and how
// real values become codes. Enough to run a program on real numbers without its hardware plan.
#pragma once

#include <string>
#include <vector>

#include "fixed/format.h"
#include "tensor/tensor.h"

namespace gatewright::dfg {

/// A port of the design. Element i occupies bits bit_offset[i] .. + width - 1 of the port's vector,
/// elements packed from the low end; elements of width 0 take no bits and are the constant 0.
struct Port {
    std::string name;
    tensor::Shape shape;
    std::vector<fixed::Cast>
        elements;  ///< how real values become codes (inputs); the format (outputs)
    std::vector<int> bit_offset;
    int width = 0;  ///< bits of the whole port
};

/// The ports of a program: its inputs are the elements of all input ports in order, its outputs
/// those of all output ports.
struct Interface {
    std::vector<Port> inputs;
    std::vector<Port> outputs;
};

}  // namespace gatewright::dfg
