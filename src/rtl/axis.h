// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rtl/emit.h"

namespace gatewright::rtl {

/// rtl/<name>_axis.v: the design between two AXI4-Stream ports.
File axis_wrapper(const Netlist& netlist);

/// Entries of its output buffer: a power of two that holds all events under way at full rate.
int axis_buffer_depth(const Netlist& netlist);

}  // namespace gatewright::rtl
