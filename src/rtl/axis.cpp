// SPDX-License-Identifier: Apache-2.0
//
// AXI4-Stream around a pipeline that never stalls. Every accepted event takes a place in the output
// buffer, at once; an event is accepted only while a place is free, so its result always finds one
// however long the receiver waits. The pipeline needs no clock enable, whose fan-out would cost the
// clock. A place is taken for latency + 2 cycles even if the receiver never waits: that many places
// keep the full rate.
#include "rtl/axis.h"

#include <fmt/format.h>

#include "rtl/templates.h"

namespace gatewright::rtl {
namespace {

int bytes(int bits) {
    return (bits + 7) / 8;
}

}  // namespace

int axis_buffer_depth(const Netlist& netlist) {
    int depth = 2;
    while (depth < netlist.latency_cycles + 2) depth *= 2;
    return depth;
}

File axis_wrapper(const Netlist& netlist) {
    const int in = input_bits(netlist);
    const int out = output_bits(netlist);
    const int depth = axis_buffer_depth(netlist);
    int bits = 1;
    while ((1 << bits) < depth) ++bits;
    const int padding = 8 * bytes(out) - out;
    const std::string entry = fmt::format("buffer[read[{}:0]]", bits - 1);
    std::string in_select;
    if (8 * bytes(in) != in) in_select = in == 1 ? "[0]" : fmt::format("[{}:0]", in - 1);
    return {fmt::format("rtl/{}_axis.v", netlist.name),
            fill_template("axis.v.in",
                          {{"name", netlist.name},
                           {"depth", std::to_string(depth)},
                           {"depth_top", std::to_string(depth - 1)},
                           {"latency", std::to_string(netlist.latency_cycles)},
                           {"in_top", std::to_string(8 * bytes(in) - 1)},
                           {"out_top", std::to_string(8 * bytes(out) - 1)},
                           {"result_top", std::to_string(out - 1)},
                           {"bits", std::to_string(bits)},
                           {"bits1", std::to_string(bits + 1)},
                           {"index_top", std::to_string(bits - 1)},
                           {"in_select", in_select},
                           {"out_data",
                            padding == 0 ? entry : fmt::format("{{{}'d0, {}}}", padding, entry)}})};
}

}  // namespace gatewright::rtl
