// SPDX-License-Identifier: Apache-2.0
//
// Registers with an enable, memories and FIFOs: the netlist simulator against plain C++ containers,
// and the printed Verilog in Icarus and Verilator against the netlist simulator.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>

#include "random_design.h"
#include "rtl/emit.h"
#include "rtl/simulate.h"
#include "rtl/stages/fifo.h"
#include "rtl/stages/storage.h"
#include "support/seed.h"

namespace gatewright::rtl {
namespace {

using fixed::Integer;
using testing::TemporaryDirectory;

struct Trace {
    std::string stimulus;  ///< per cycle one line of hex: inputs side by side
    std::string expected;  ///< outputs likewise
};

// Runs the printed top on the stimulus in a simulator and gives what its outputs were.
std::string run_verilog(const Netlist& netlist, const Trace& trace, std::size_t cycles) {
    const Module& top = netlist.top();
    std::string ports;
    std::string inputs;
    std::string outputs;
    int in_bits = 0;
    int out_bits = 0;
    for (const SignalId port : top.ports) {
        const Signal& signal = top[port];
        if (signal.name == "clk" || signal.name == "rst") continue;
        const bool is_input = signal.kind == SignalKind::kInput;
        int& offset = is_input ? in_bits : out_bits;
        ports += fmt::format(", .{}({}[{}:{}])", signal.name, is_input ? "in" : "out",
                             offset + signal.width - 1, offset);
        offset += signal.width;
    }
    const std::string bench =
        fmt::format(R"(module bench;
    reg clk = 0, rst = 1;
    reg [{0}:0] stimulus [0:{2}], in = 0;
    wire [{1}:0] out;
    integer i;
    {3} dut (.clk(clk), .rst(rst){4});
    initial begin
        $readmemh("in.hex", stimulus);
        #1 clk = 1; #1 clk = 0; rst = 0;
        for (i = 0; i <= {2}; i = i + 1) begin
            in = stimulus[i];
            #1 $display("%h", out);
            clk = 1; #1 clk = 0; #1;
        end
        $finish;
    end
endmodule
)",
                    in_bits - 1, out_bits - 1, cycles - 1, netlist.name, ports);
    const TemporaryDirectory directory;
    std::vector<std::string> compile{"iverilog", "-g2001", "-Wall", "-Wno-timescale", "-o", "sim"};
    for (const Module& module : netlist.modules) compile.push_back("rtl/" + module.name + ".v");
    for (const File& file : verilog_files(netlist)) directory.write(file.path, file.content);
    directory.write("in.hex", trace.stimulus);
    directory.write("bench.v", bench);
    std::vector<std::string> lint{"verilator", "--lint-only", "-Wall", "--top-module",
                                  netlist.name};
    lint.insert(lint.end(), compile.begin() + 6, compile.end());
    const auto linted = testing::run_in(directory.path(), lint);
    EXPECT_EQ(linted.output, "");
    compile.push_back("bench.v");
    const auto built = testing::run_in(directory.path(), compile);
    EXPECT_EQ(built.output, "");
    return testing::run_in(directory.path(), {"vvp", "-n", "sim"}).output;
}

std::string hex(const Integer& value, int bits) {
    const std::string digits = value.to_hex();
    const auto length = static_cast<std::size_t>((bits + 3) / 4);
    return std::string(length - std::min(length, digits.size()), '0') + digits + "\n";
}

Netlist alone(Module module) {
    Netlist netlist;
    netlist.name = module.name;
    netlist.modules.push_back(std::move(module));
    return netlist;
}

Integer random_word(Rng& rng, int bits) {
    Integer word = 0;
    for (int at = 0; at < bits; at += 30) {
        word = word + (Integer(static_cast<std::int64_t>(rng.below(1U << 30))) << at);
    }
    return word.low_bits(bits);
}

// A delay line of `steps` enabled cycles.
void expect_delay(int width, std::int64_t steps, Rng& rng) {
    Circuit c("delay", "test");
    const Bits in = c.input("in", width);
    const Bits enable = c.input("enable", 1);
    c.output("out", delayed_by(c, "late", in, steps, enable));
    const Netlist netlist = alone(c.finish());
    Simulator simulator(netlist);
    simulator.set("rst", 1);
    simulator.settle();
    simulator.clock();
    simulator.set("rst", 0);
    std::deque<Integer> history(static_cast<std::size_t>(steps), Integer(0));
    Trace trace;
    const std::size_t cycles = 400;
    std::int64_t known_from = 0;
    for (std::size_t cycle = 0; cycle < cycles; ++cycle) {
        const Integer word = random_word(rng, width);
        const bool is_enabled = rng.below(4) != 0;
        simulator.set("in", word);
        simulator.set("enable", is_enabled ? 1 : 0);
        simulator.settle();
        const Integer out = simulator.get("out");
        ASSERT_EQ(out, history.front()) << width << " bits, " << steps << " steps, cycle " << cycle;
        trace.stimulus += hex(word + (Integer(is_enabled ? 1 : 0) << width), width + 1);
        trace.expected += hex(out, width);
        simulator.clock();
        if (!is_enabled) continue;
        history.push_back(word);
        history.pop_front();
        if (++known_from == steps) trace.expected.append("#");  // defined from here on
    }
    const std::size_t from = trace.expected.find('#');
    const std::string tail = trace.expected.substr(from + 1);
    const std::string printed = run_verilog(netlist, trace, cycles);
    ASSERT_GE(printed.size(), tail.size());
    EXPECT_EQ(printed.substr(printed.size() - tail.size()), tail) << width << " x " << steps;
}

TEST(Storage, DelaysByRegistersAndByRings) {
    Rng rng(gatewright::testing::test_seed(81));
    for (const auto& [width, steps] :
         {std::pair{4, 1}, {8, 3}, {1, 17}, {90, 31}, {70, 5}, {130, 64}, {1000, 33}}) {
        expect_delay(width, steps, rng);
    }
}

TEST(Storage, TakesTheSmallerKind) {
    EXPECT_EQ(ram_style(2, 100), Memory::Style::kDistributed);
    EXPECT_EQ(ram_style(32, 100), Memory::Style::kDistributed);  // 67 LUTs
    EXPECT_EQ(ram_style(4096, 32), Memory::Style::kBlock);       // 8 block RAMs or 2700 LUTs
    EXPECT_EQ(rom_style(64, 512), Memory::Style::kLogic);        // 512 LUTs or 15 block RAMs
    EXPECT_EQ(rom_style(16384, 9), Memory::Style::kBlock);       // 8 block RAMs or 2304 LUTs
    EXPECT_EQ(block_rams(512, 36), 1);
    EXPECT_EQ(block_rams(513, 36), 2);
    EXPECT_EQ(block_rams(2048, 10), 2);
}

// Cells that Yosys maps the memories of a module to.
std::string mapped_cells(const Module& module) {
    const Netlist netlist = alone(module);
    const TemporaryDirectory directory;
    for (const File& file : verilog_files(netlist)) directory.write(file.path, file.content);
    const std::string script = fmt::format(
        "read_verilog rtl/{0}.v; hierarchy -top {0}; proc; flatten; opt_expr -mux_undef; "
        "simplemap t:$mux; opt_expr; opt_clean; memory -nordff -nomap; "
        "memory_map t:$mem_v2 a:ram_style=distributed %d; synth_xilinx -family xcup -run "
        "map_memory:map_ffram; memory_map; stat",
        netlist.name);
    const auto outcome = testing::run_in(directory.path(), {"yosys", "-p", script});
    EXPECT_TRUE(outcome.ok()) << outcome.output;
    return outcome.output.substr(outcome.output.rfind("Number of cells:"));
}

TEST(Storage, YosysMapsMemoriesAsTheyAreMeant) {
    const auto ring_of = [](int width, std::int64_t steps) {
        Circuit c("delay", "test");
        const Bits in = c.input("in", width);
        const Bits enable = c.input("enable", 1);
        c.output("out", delayed_by(c, "late", in, steps, enable));
        return c.finish();
    };
    // 32 words of 70 bits: five RAM32M16 of 14 bits each.
    EXPECT_NE(mapped_cells(ring_of(70, 32)).find("RAM32M16                        5"),
              std::string::npos);
    const std::string shift = mapped_cells(ring_of(2, 9));
    EXPECT_EQ(shift.find("RAM"), std::string::npos) << shift;
}

// Words pushed `latency` cycles after they are reserved, reservations and pops at random.
void expect_fifo(std::int64_t depth, int width, std::size_t latency, Rng& rng) {
    Netlist netlist;
    netlist.name = "test";
    const auto reservation = latency == 0 ? Reservation::kWithPush : Reservation::kAhead;
    FifoLibrary library(netlist, "test");
    library.get(depth, width, reservation);
    netlist.name = netlist.modules.back().name;
    Simulator simulator(netlist);
    simulator.set("rst", 1);
    simulator.settle();
    simulator.clock();
    simulator.set("rst", 0);
    std::deque<std::pair<std::size_t, Integer>> words;  // with the cycle of their push
    Trace trace;
    const std::size_t cycles = 300 + 10 * static_cast<std::size_t>(depth);
    std::int64_t most = 0;
    std::vector<bool> offered;
    for (std::size_t cycle = 0; cycle < cycles; ++cycle) {
        const std::size_t eagerness = 1 + 6 * cycle / cycles % 3;  // more in, as many, more out
        const bool has_place = static_cast<std::int64_t>(words.size()) < depth;
        const bool has_word = !words.empty() && words.front().first < cycle;
        const bool reserves = has_place && rng.below(3) >= eagerness - 1;
        const bool pops = has_word && rng.below(3) < eagerness;
        if (reserves) words.emplace_back(cycle + latency, random_word(rng, width));
        Integer pushed = 0;
        bool pushes = false;
        for (const auto& [at, word] : words) {
            if (at == cycle) {
                pushes = true;
                pushed = word;
            }
        }
        const std::vector<std::pair<std::string, Integer>> inputs = {{"reserve", reserves ? 1 : 0},
                                                                     {"push", pushes ? 1 : 0},
                                                                     {"in", pushed},
                                                                     {"pop", pops ? 1 : 0}};
        Integer line = 0;
        int at = 0;
        for (const auto& [port, value] : inputs) {
            if (port == "reserve" && latency == 0) continue;
            simulator.set(port, value);
            line = line + (value << at);
            at += port == "in" ? width : 1;
        }
        simulator.settle();
        ASSERT_EQ(simulator.get("open"), Integer(has_place ? 1 : 0)) << cycle;
        ASSERT_EQ(simulator.get("valid"), Integer(has_word ? 1 : 0)) << cycle;
        if (has_word) {
            ASSERT_EQ(simulator.get("out"), words.front().second) << cycle;
        }
        trace.stimulus += hex(line, at);
        offered.push_back(has_word);
        trace.expected +=
            hex(simulator.get("open") + (simulator.get("valid") << 1) + (simulator.get("out") << 2),
                width + 2);
        most = std::max(most, static_cast<std::int64_t>(words.size()));
        if (pops) words.pop_front();
        simulator.clock();
    }
    EXPECT_EQ(most, depth);
    const std::string printed = run_verilog(netlist, trace, cycles);
    const auto length = static_cast<std::size_t>((width + 2 + 3) / 4 + 1);
    ASSERT_EQ(printed.size(), trace.expected.size());
    for (std::size_t i = 0; i < cycles; ++i) {
        if (offered[i]) {
            ASSERT_EQ(printed.substr(i * length, length),
                      trace.expected.substr(i * length, length));
        }
    }
}

TEST(Fifo, KeepsOrderAndCountsCredits) {
    Rng rng(gatewright::testing::test_seed(82));
    for (const std::int64_t depth : {1, 2, 3, 7, 40}) {
        for (const std::size_t latency : {0U, 1U, 4U}) expect_fifo(depth, 12, latency, rng);
    }
    ASSERT_EQ(ram_style(1000, 18), Memory::Style::kBlock);
    expect_fifo(1000, 18, 0, rng);
    expect_fifo(1000, 18, 3, rng);
}

}  // namespace
}  // namespace gatewright::rtl
