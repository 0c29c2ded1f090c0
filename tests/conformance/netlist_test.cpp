// SPDX-License-Identifier: Apache-2.0
//
// Every layer's examples through schedule and netlist: the netlist interpreter's outputs are bit
// for bit the dataflow interpreter's, at a slow and at a fast clock. No test code per layer.
#include <gtest/gtest.h>

#include "dfg/interpreter.h"
#include "layers/registry.h"
#include "rtl/emit.h"
#include "rtl/simulate.h"
#include "support/examples.h"

namespace gatewright {
namespace {

using fixed::Integer;

class NetlistConformance : public ::testing::TestWithParam<std::size_t> {
  protected:
    const model::LayerDef& def() const { return layers::all_layers()[GetParam()]; }
};

void expect_equal(const arch::Design& design, const arch::FlatProgram& flat,
                  const schedule::Device& device, const schedule::ScheduleParams& params,
                  const std::vector<std::vector<Integer>>& events) {
    const auto schedule = schedule::schedule(flat, device, params);
    ASSERT_TRUE(schedule) << schedule.error().message;
    const Status valid = schedule::verify(flat, device, *schedule);
    ASSERT_TRUE(valid) << valid.error().message;
    const rtl::Netlist netlist = rtl::build_netlist(design, flat, *schedule);
    EXPECT_EQ(rtl::statistics(netlist).register_bits, schedule->register_bits);
    const auto got = rtl::simulate(netlist, events);
    ASSERT_EQ(got.size(), events.size());
    for (std::size_t e = 0; e < events.size(); ++e) {
        ASSERT_EQ(got[e], dfg::interpret(flat.program, events[e])) << "event " << e;
    }
}

TEST_P(NetlistConformance, NetlistEqualsDataflow) {
    Rng rng(testing::test_seed(4));
    const auto device = schedule::find_device("xcvu13p-2");
    for (const model::Example& example : def().examples(rng)) {
        const auto typed = model::infer_types(testing::one_layer_graph(example));
        ASSERT_TRUE(typed) << typed.error().message;
        const arch::Design design = arch::build_design(*typed);
        const arch::FlatProgram flat = arch::flatten(design);
        const auto events = testing::test_events(design, 30, rng);
        for (const auto& [clock, ternary_adders] :
             {std::pair(150.0, schedule::TernaryAdders::kNever),
              std::pair(150.0, schedule::TernaryAdders::kWhereTheyPay),
              std::pair(700.0, schedule::TernaryAdders::kNever)}) {
            expect_equal(design, flat, *device,
                         {.clock_mhz = clock, .ternary_adders = ternary_adders}, events);
            ASSERT_FALSE(HasFailure()) << example.layer->attributes().dump(1);
        }
    }
}

std::string kind_name(const ::testing::TestParamInfo<std::size_t>& info) {
    return std::string(layers::all_layers()[info.param].kind);
}

INSTANTIATE_TEST_SUITE_P(Layers, NetlistConformance,
                         ::testing::Range(std::size_t{0}, layers::all_layers().size()), kind_name);

}  // namespace
}  // namespace gatewright
