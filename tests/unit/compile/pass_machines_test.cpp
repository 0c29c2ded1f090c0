// SPDX-License-Identifier: Apache-2.0
//
// What the passes write, on every machine: random programs after each pass and after all of them,
// run by the interpreter, by the emulator (its own interpreter and machine code) and by the netlist
// simulator, give the codes of the program before the pass.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dfg/interpreter.h"
#include "dfg/text.h"
#include "emulate/engine.h"
#include "opt/pass.h"
#include "rtl/emit.h"
#include "rtl/simulate.h"
#include "support/random_program.h"
#include "support/seed.h"

namespace gatewright {
namespace {

using dfg::Program;
using fixed::Integer;
using Events = std::vector<std::vector<Integer>>;

Events interpreted(const Program& program, const Events& events) {
    Events out;
    for (const auto& event : events) out.push_back(dfg::interpret(program, event));
    return out;
}

Events emulated(const Program& program, const Events& events, emulate::Machine machine) {
    const emulate::Engine engine(program, {machine});
    std::vector<Integer> in;
    for (const auto& event : events) in.insert(in.end(), event.begin(), event.end());
    std::vector<Integer> codes(events.size() * engine.output_count());
    if (engine.fits_int64()) {
        std::vector<std::int64_t> narrow;
        for (const Integer& code : in) narrow.push_back(code.to_int64().value());
        std::vector<std::int64_t> results(codes.size());
        engine.run(narrow, results);
        codes.assign(results.begin(), results.end());
    } else {
        engine.run_exact(in, codes);
    }
    Events out;
    for (std::size_t e = 0; e < events.size(); ++e) {
        const auto first = codes.begin() + static_cast<std::ptrdiff_t>(e * engine.output_count());
        out.emplace_back(first, first + static_cast<std::ptrdiff_t>(engine.output_count()));
    }
    return out;
}

arch::Port port_of(const Program& program, std::string name, std::span<const dfg::ValueId> values) {
    arch::Port port{std::move(name), {}, {}, {}, 0};
    for (const dfg::ValueId value : values) {
        port.elements.push_back({.format = program[value].format});
        port.bit_offset.push_back(port.width);
        port.width += program[value].format.width;
    }
    port.shape = {static_cast<std::int64_t>(values.size())};
    return port;
}

Events simulated(const Program& program, const Events& events, double clock_mhz) {
    arch::Design design;
    design.name = "dut";
    design.inputs = {port_of(program, "x", program.inputs())};
    design.outputs = {port_of(program, "y", program.outputs())};
    design.kernels.resize(1);
    design.kernels[0].name = "all";
    arch::FlatProgram flat{program, {}};
    for (const dfg::Node& node : program.nodes()) {
        flat.kernel_of.push_back(node.op == dfg::Op::kInput ? arch::KernelId() : arch::KernelId(0));
    }
    const auto device = schedule::find_device("xcvu13p-2");
    const auto plan = schedule::schedule(flat, *device, {.clock_mhz = clock_mhz});
    EXPECT_TRUE(plan.has_value()) << (plan ? "" : plan.error().message);
    if (!plan) return {};
    return rtl::simulate(rtl::build_netlist(design, flat, *plan), events);
}

void expect_same_on_all_machines(const Program& before, const Program& after, const Events& events,
                                 std::string_view pass) {
    const Events expected = interpreted(before, events);
    const auto texts = [&] {
        return fmt::format("{}\n{}\n->\n{}", pass, to_text(before), to_text(after));
    };
    ASSERT_EQ(interpreted(after, events), expected) << texts();
    for (const emulate::Machine machine :
         {emulate::Machine::kInterpreter, emulate::Machine::kAvx2, emulate::Machine::kAvx512}) {
        ASSERT_EQ(emulated(after, events, machine), expected) << texts();
    }
    for (const double clock_mhz : {150.0, 650.0}) {
        ASSERT_EQ(simulated(after, events, clock_mhz), expected) << texts();
    }
}

Program random_case(Rng& rng, int round) {
    return testing::random_program(rng, {.nodes = static_cast<std::size_t>(rng.between(5, 50)),
                                         .max_width = round % 6 == 0 ? 40 : 9,
                                         .wrap_chance = round % 2 == 0 ? 0.0 : 0.2});
}

TEST(PassMachines, EachPassKeepsTheCodesOnEveryMachine) {
    Rng rng(testing::test_seed(51));
    for (const opt::Pass& pass : opt::dfg_passes()) {
        for (int round = 0; round < 40 && !HasFatalFailure(); ++round) {
            const Program before = random_case(rng, round);
            opt::PassCount count;
            const Program after = pass.run(before, count);
            expect_same_on_all_machines(before, after, testing::random_input_codes(before, 24, rng),
                                        pass.name);
        }
    }
}

TEST(PassMachines, AllPassesTogetherKeepTheCodesOnEveryMachine) {
    Rng rng(testing::test_seed(52));
    for (int round = 0; round < 150 && !HasFatalFailure(); ++round) {
        const Program before = random_case(rng, round);
        const auto after = opt::optimize(before);
        ASSERT_TRUE(after.has_value());
        expect_same_on_all_machines(before, *after, testing::random_input_codes(before, 24, rng),
                                    "all");
    }
}

}  // namespace
}  // namespace gatewright
