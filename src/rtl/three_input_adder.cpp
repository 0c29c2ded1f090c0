// SPDX-License-Identifier: Apache-2.0
#include "rtl/three_input_adder.h"

#include "rtl/templates.h"

namespace gatewright::rtl {

std::string three_input_adder_name(const Netlist& netlist) {
    return netlist.name + "_add3";
}

File three_input_adder(const Netlist& netlist) {
    const std::string name = three_input_adder_name(netlist);
    return {"rtl/" + name + ".v", fill_template("add3.v.in", {{"name", name}})};
}

}  // namespace gatewright::rtl
