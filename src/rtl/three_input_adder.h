// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rtl/emit.h"

namespace gatewright::rtl {

/// Name of the module whose instances are the netlist's three-input adders.
std::string three_input_adder_name(const Netlist& netlist);

/// That module: in behavioural form, from which vendors' tools make three-input adders, and as
/// LUT6_2 and carry cells where GATEWRIGHT_LUT6_2 is defined, for Yosys, which makes none.
File three_input_adder(const Netlist& netlist);

}  // namespace gatewright::rtl
