// SPDX-License-Identifier: Apache-2.0
//
// Weights written at run time: through the register port in the netlist simulator and through APB
// and AXI4-Lite in Icarus. Every event is what its own bank's weights make of it, whenever the bank
// is swapped, and a bank in use cannot be written.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "random_design.h"
#include "rtl/stages/control.h"
#include "rtl/stages/simulate.h"
#include "staged_networks.h"
#include "support/json.h"
#include "support/seed.h"

namespace gatewright::rtl {
namespace {

using arch::Io;
using arch::WeightStore;
using fixed::Integer;
using testing::mapping_of;
using testing::staged_case;
using testing::StagedCase;
using Kind = LoadBlock::Kind;

struct Write {
    std::int64_t address = 0;  // in words
    std::int64_t data = 0;
};

// All weights and biases of all loadable stages anew: in the plan, and as writes to a bank.
std::vector<Write> replace_weights(StagedCase& c, int bank, Rng& rng) {
    std::vector<Write> writes;
    for (const LoadBlock& placed : c.netlist.blocks) {
        arch::Stage& stage = c.design.stages[placed.stage];
        auto& work = std::get<arch::Compute>(stage.work);
        arch::LinearHead& head = *work.parts.front().head;
        const auto random_code = [&](const fixed::Format& format) {
            return rng.between(*format.min_code().to_int64(), *format.max_code().to_int64());
        };
        for (std::int64_t& weight : head.weights) weight = random_code(head.weight_format);
        for (std::int64_t& bias : head.bias) bias = random_code(head.bias_format);
        const LoadBlock block = load_block(stage, arch::fold(head, work.folding));
        for (const Kind kind : {Kind::kWeights, Kind::kBiases}) {
            const LoadTable& table = kind == Kind::kWeights ? block.weights : block.biases;
            for (std::int64_t i = 0; i < table.indices; ++i) {
                for (int column = 0; column < table.columns; ++column) {
                    const Integer word = table.contents[static_cast<std::size_t>(i)];
                    writes.push_back(
                        {placed.address(bank, kind, i, column),
                         *(word >> (column * kLoadBits)).low_bits(kLoadBits).to_int64()});
                }
            }
        }
    }
    return writes;
}

// One write or read in a cycle of a run; returns true if it was refused.
bool access(Simulator& simulator, bool is_write, std::int64_t address, std::int64_t data) {
    simulator.set("reg_select", 1);
    simulator.set("reg_write", is_write ? 1 : 0);
    simulator.set("reg_address", address);
    simulator.set("reg_wdata", data);
    simulator.settle();
    return !simulator.get("reg_error").is_zero();
}

void expect_swap(const model::Graph& graph, std::int64_t reuse, std::int64_t swap_after,
                 const Traffic& base, Rng& rng) {
    const StagedCase c = staged_case(graph, mapping_of(Io::kStream, reuse, WeightStore::kLoadable));
    StagedCase other = c;
    const std::vector<Write> writes = replace_weights(other, 1, rng);
    const auto in = testing::staged_events(c.design, 12, rng);
    std::size_t next = 0;
    std::int64_t swapped_at = -1;
    bool was_refused = false;
    Traffic traffic = base;
    traffic.every_cycle = [&](Simulator& simulator, std::int64_t cycle) {
        simulator.set("reg_select", 0);
        if (next < writes.size()) {
            EXPECT_FALSE(access(simulator, true, writes[next].address, writes[next].data));
            ++next;
        } else if (swapped_at < 0 && cycle >= swap_after) {
            EXPECT_FALSE(access(simulator, true, 1, 1));
            swapped_at = cycle;
        } else if (swapped_at >= 0) {
            // The bank now in use must not change.
            was_refused = access(simulator, true, writes[0].address, ~writes[0].data & 0xffff);
            EXPECT_TRUE(was_refused);
        }
    };
    const auto run = simulate_staged(c.design, c.netlist, in, traffic);
    ASSERT_TRUE(run.has_value()) << run.error().message;
    ASSERT_GE(swapped_at, 0);
    std::size_t with_new = 0;
    for (std::size_t e = 0; e < in.size(); ++e) {
        const std::int64_t begun = run->accepted[0][e * c.netlist.inputs[0].words];
        const bool is_new = begun > swapped_at;  // the register holds it from the next cycle on
        with_new += is_new ? 1U : 0U;
        ASSERT_EQ(run->outputs[e], arch::evaluate(is_new ? other.design : c.design, in[e]))
            << "event " << e << " begun in cycle " << begun << ", swap in " << swapped_at;
    }
    EXPECT_TRUE(was_refused);
    EXPECT_GT(with_new, 0U);
    EXPECT_LT(with_new, in.size());
}

TEST(Loading, NoEventSeesAMixtureOfBanks) {
    Rng rng(gatewright::testing::test_seed(98));
    for (const std::int64_t reuse : {1, 3, 9}) {
        for (int trial = 0; trial < 4 && !HasFailure(); ++trial) {
            const Traffic traffic{.source = trial % 2 == 0 ? 1 : 0.6,
                                  .sink = trial < 2 ? 1 : 0.7,
                                  .seed = static_cast<std::uint64_t>(trial)};
            expect_swap(testing::small_cnn(rng), reuse, 150 + rng.between(0, 60), traffic, rng);
        }
    }
    expect_swap(testing::branches(rng), 2, 300, {.source = 0.8, .sink = 0.8}, rng);
}

TEST(Loading, RegistersTellWhatIsGoingOn) {
    Rng rng(gatewright::testing::test_seed(99));
    const StagedCase c =
        staged_case(testing::small_cnn(rng), mapping_of(Io::kStream, 3, WeightStore::kLoadable));
    const auto in = testing::staged_events(c.design, 3, rng);
    bool saw_events = false;
    Traffic traffic;
    traffic.every_cycle = [&](Simulator& simulator, std::int64_t cycle) {
        if (cycle == 0) {
            EXPECT_FALSE(access(simulator, false, 0, 0));
            EXPECT_EQ(simulator.get("reg_rdata"), Integer(kIdentityValue));
        } else if (cycle == 1) {
            EXPECT_TRUE(access(simulator, true, 0, 7)) << "the identity is no register to write";
        } else if (cycle == 2) {
            EXPECT_TRUE(access(simulator, false, c.netlist.blocks[0].base, 0))
                << "weights are written only";
        } else if (cycle == 3) {
            EXPECT_TRUE(
                access(simulator, true, c.netlist.blocks[0].address(0, Kind::kWeights, 0, 0), 1));
        } else if (cycle == 4) {
            EXPECT_FALSE(access(simulator, false, 5, 0));
            EXPECT_EQ(simulator.get("reg_rdata"), Integer(1)) << "one write refused";
        } else {
            EXPECT_FALSE(access(simulator, false, 2, 0));
            const Integer flight = simulator.get("reg_rdata");
            EXPECT_TRUE(flight.bit(31)) << "the selected bank is in use";
            saw_events = saw_events || flight.low_bits(16) == Integer(2);
            EXPECT_FALSE(access(simulator, false, 3, 0));
            EXPECT_EQ(simulator.get("reg_rdata"), Integer(0));
        }
    };
    ASSERT_TRUE(simulate_staged(c.design, c.netlist, in, traffic).has_value());
    EXPECT_TRUE(saw_events);
}

// Through a bus in Icarus: identity, a refused write, a good write, a bank swap, each with its
// response.
std::string run_bus(const StagedCase& c, const std::string& bus, const std::string& tasks) {
    const testing::TemporaryDirectory directory;
    const std::string& name = c.netlist.netlist.name;
    std::vector<std::string> compile{
        "iverilog", "-g2001", "-Wall",   "-Wno-timescale",
        "-o",       "sim",    "bench.v", "rtl/" + name + "_" + bus + ".v"};
    for (const File& file : staged_files(c.design, c.netlist)) {
        directory.write(file.path, file.content);
    }
    for (const std::string& module : module_files(c.netlist.netlist)) {
        compile.push_back("rtl/" + module + ".v");
    }
    const int top = c.netlist.address_bits - 1;
    const auto writable = 4 * c.netlist.blocks[0].address(1, Kind::kWeights, 0, 0);
    const auto in_use = 4 * c.netlist.blocks[0].address(0, Kind::kWeights, 0, 0);
    directory.write("bench.v", fmt::format(R"(module bench;
    reg clk = 0, rst = 1;
    wire sel, wr, err, ready, last, valid, frame_error;
    wire [{0}:0] adr;
    wire [31:0] wdata, rdata;
    wire [{1}:0] out;
    {2} dut (.clk(clk), .rst(rst), .in_valid(1'b0), .in_ready(ready), .in({3}'d0), .in_last(1'b0),
        .out_valid(valid), .out_ready(1'b1), .out(out), .out_last(last), .frame_error(frame_error),
        .reg_select(sel), .reg_write(wr), .reg_address(adr), .reg_wdata(wdata), .reg_rdata(rdata),
        .reg_error(err));
    always #5 clk = ~clk;
    {4}
    initial begin
        repeat (3) @(posedge clk);
        #1 rst = 0;
        read(0); write({5}, 32'h5); write({6}, 32'h5); write(4, 1); read(4); write({5}, 32'h5);
        read(20); read(24);
        $finish;
    end
endmodule
)",
                                           top, c.netlist.outputs[0].bits - 1, name,
                                           c.netlist.inputs[0].bits, tasks, in_use, writable));
    const auto built = testing::run_in(directory.path(), compile);
    EXPECT_EQ(built.output, "");
    return testing::run_in(directory.path(), {"vvp", "-n", "sim"}).output;
}

TEST(Loading, BusesPassOnWritesReadsAndErrors) {
    Rng rng(gatewright::testing::test_seed(100));
    const StagedCase c =
        staged_case(testing::small_cnn(rng), mapping_of(Io::kStream, 3, WeightStore::kLoadable));
    const std::string expected =
        "read 00 47573031 0\nwrite 1\nwrite 0\nwrite 0\nread 04 00000001 0\nwrite 0\n"
        "read 14 00000001 0\nread 18 00000000 1\n";
    const int byte_top = c.netlist.address_bits + 1;
    const std::string apb = fmt::format(R"(reg psel = 0, penable = 0, pwrite = 0;
    reg [{0}:0] paddr = 0; reg [31:0] pwdata = 0;
    wire pready, pslverr; wire [31:0] prdata;
    {1}_apb bus (.pclk(clk), .presetn(~rst), .psel(psel), .penable(penable), .pwrite(pwrite),
        .paddr(paddr), .pwdata(pwdata), .pready(pready), .prdata(prdata), .pslverr(pslverr),
        .reg_select(sel), .reg_write(wr), .reg_address(adr), .reg_wdata(wdata), .reg_rdata(rdata),
        .reg_error(err));
    task write(input [31:0] a, input [31:0] d); begin
        paddr = a; pwdata = d; pwrite = 1; psel = 1; @(posedge clk); #1 penable = 1;
        #1 $display("write %b", pslverr); @(posedge clk); #1 psel = 0; penable = 0; end
    endtask
    task read(input [31:0] a); begin
        paddr = a; pwrite = 0; psel = 1; @(posedge clk); #1 penable = 1;
        #1 $display("read %h %h %b", a[7:0], prdata, pslverr); @(posedge clk); #1 psel = 0;
        penable = 0; end
    endtask)",
                                        byte_top, c.netlist.netlist.name);
    EXPECT_EQ(run_bus(c, "apb", apb), expected);
    const std::string axi = fmt::format(R"(reg aw = 0, w = 0, ar = 0;
    reg [{0}:0] addr = 0; reg [31:0] d0 = 0;
    wire awready, wready, arready, bvalid, rvalid; wire [1:0] bresp, rresp; wire [31:0] data;
    {1}_axi_lite bus (.aclk(clk), .aresetn(~rst), .s_axi_awaddr(addr), .s_axi_awvalid(aw),
        .s_axi_awready(awready), .s_axi_wdata(d0), .s_axi_wstrb(4'hf), .s_axi_wvalid(w),
        .s_axi_wready(wready), .s_axi_bresp(bresp), .s_axi_bvalid(bvalid), .s_axi_bready(1'b1),
        .s_axi_araddr(addr), .s_axi_arvalid(ar), .s_axi_arready(arready), .s_axi_rdata(data),
        .s_axi_rresp(rresp), .s_axi_rvalid(rvalid), .s_axi_rready(1'b1),
        .reg_select(sel), .reg_write(wr), .reg_address(adr), .reg_wdata(wdata), .reg_rdata(rdata),
        .reg_error(err));
    task write(input [31:0] a, input [31:0] d); begin
        addr = a; d0 = d; aw = 1; w = 1; #1 while (!awready) @(posedge clk);
        @(posedge clk); #1 aw = 0; w = 0; while (!bvalid) @(posedge clk);
        $display("write %b", bresp == 2); @(posedge clk); #1; end
    endtask
    task read(input [31:0] a); begin
        addr = a; ar = 1; #1 while (!arready) @(posedge clk);
        @(posedge clk); #1 ar = 0; while (!rvalid) @(posedge clk);
        $display("read %h %h %b", a[7:0], data, rresp == 2); @(posedge clk); #1; end
    endtask)",
                                        byte_top, c.netlist.netlist.name);
    std::string unknown_reads_nothing = expected;
    EXPECT_EQ(run_bus(c, "axi_lite", axi), unknown_reads_nothing);
}

TEST(Loading, TheMapIsThatOfTheHardware) {
    Rng rng(gatewright::testing::test_seed(101));
    const StagedCase c =
        staged_case(testing::small_cnn(rng), mapping_of(Io::kStream, 3, WeightStore::kLoadable));
    std::string json;
    for (const File& file : register_maps(c.design, c.netlist)) {
        if (file.path == "registers.json") json = file.content;
    }
    const auto parsed = parse_json(json);
    ASSERT_TRUE(parsed.has_value());
    const auto& tables = parsed->find("tables")->as_array();
    ASSERT_EQ(tables.size(), 2 * c.netlist.blocks.size());
    const LoadBlock& block = c.netlist.blocks[0];
    EXPECT_EQ(tables[0].find("bank_addresses")->as_array()[1].as_integer(),
              4 * block.address(1, Kind::kWeights, 0, 0));
    for (std::size_t a = 0; a < c.netlist.blocks.size(); ++a) {
        const LoadBlock& one = c.netlist.blocks[a];
        EXPECT_EQ(one.base % (std::int64_t{1} << one.address_bits()), 0);
        EXPECT_GE(one.base, a == 0
                                ? kControlRegisters
                                : c.netlist.blocks[a - 1].base +
                                      (std::int64_t{1} << c.netlist.blocks[a - 1].address_bits()));
    }
}

}  // namespace
}  // namespace gatewright::rtl
