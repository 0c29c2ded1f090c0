// SPDX-License-Identifier: Apache-2.0
//
// A self-checking testbench that needs nothing but the emitted files and a Verilog simulator.
// Events go in with random gaps between them; every result is compared bit for bit, its latency to
// the cycle, and nothing may come out that did not go in. sim/run.sh runs it under Icarus Verilog
// or Verilator.
#include <fmt/format.h>

#include "rtl/emit.h"
#include "rtl/templates.h"
#include "support/check.h"

namespace gatewright::rtl {

std::vector<File> testbench_files(const Netlist& netlist, const std::vector<Vector>& vectors) {
    GW_CHECK(!vectors.empty(), "a testbench needs at least one event");
    std::string in;
    std::string out;
    for (const Vector& vector : vectors) {
        in += vector.in.to_hex() + "\n";
        out += vector.out.to_hex() + "\n";
    }
    std::string sources;
    for (const std::string& module : module_files(netlist)) {
        sources += fmt::format("{}../rtl/{}.v", sources.empty() ? "" : " ", module);
    }
    const TemplateValues values = {
        {"name", netlist.name},
        {"events", std::to_string(vectors.size())},
        {"latency", std::to_string(netlist.latency_cycles)},
        {"in_bits", std::to_string(input_bits(netlist))},
        {"in_top", std::to_string(input_bits(netlist) - 1)},
        {"out_top", std::to_string(output_bits(netlist) - 1)},
        {"sources", sources},
    };
    return {{fmt::format("sim/{}_tb.v", netlist.name), fill_template("testbench.v.in", values)},
            {"sim/in.hex", std::move(in)},
            {"sim/out.hex", std::move(out)},
            {"sim/run.sh", fill_template("run.sh.in", values)}};
}

}  // namespace gatewright::rtl
