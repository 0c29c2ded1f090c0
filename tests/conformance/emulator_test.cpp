// SPDX-License-Identifier: Apache-2.0
//
// Every layer's examples through every machine of the emulator: bit for bit the dataflow
// interpreter's outputs. No test code per layer.
#include <gtest/gtest.h>

#include "dfg/interpreter.h"
#include "emulate/engine.h"
#include "layers/registry.h"
#include "support/examples.h"

namespace gatewright {
namespace {

using fixed::Integer;

class EmulatorConformance : public ::testing::TestWithParam<std::size_t> {
  protected:
    const model::LayerDef& def() const { return layers::all_layers()[GetParam()]; }
};

std::vector<Integer> emulated(const emulate::Engine& engine, const std::vector<Integer>& in,
                              std::size_t events) {
    std::vector<Integer> out(events * engine.output_count());
    if (!engine.fits_int64()) {
        engine.run_exact(in, out);
        return out;
    }
    std::vector<std::int64_t> codes;
    for (const Integer& code : in) codes.push_back(code.to_int64().value());
    std::vector<std::int64_t> results(out.size());
    engine.run(codes, results);
    return {results.begin(), results.end()};
}

TEST_P(EmulatorConformance, EmulatorEqualsDataflow) {
    Rng rng(testing::test_seed(3));
    for (const model::Example& example : def().examples(rng)) {
        const auto typed = model::infer_types(testing::one_layer_graph(example));
        ASSERT_TRUE(typed) << typed.error().message;
        const arch::Design design = arch::build_design(*typed);
        const arch::FlatProgram flat = arch::flatten(design);
        const auto events = testing::test_events(design, 60, rng);
        std::vector<Integer> in;
        std::vector<Integer> expected;
        for (const auto& event : events) {
            in.insert(in.end(), event.begin(), event.end());
            for (Integer& code : dfg::interpret(flat.program, event))
                expected.push_back(std::move(code));
        }
        for (const emulate::Machine machine :
             {emulate::Machine::kInterpreter, emulate::Machine::kAvx2, emulate::Machine::kAvx512}) {
            const emulate::Engine engine(flat.program, {machine});
            ASSERT_EQ(emulated(engine, in, events.size()), expected)
                << engine.description() << "\n"
                << example.layer->attributes().dump(1);
        }
    }
}

std::string kind_name(const ::testing::TestParamInfo<std::size_t>& info) {
    return std::string(layers::all_layers()[info.param].kind);
}

INSTANTIATE_TEST_SUITE_P(Layers, EmulatorConformance,
                         ::testing::Range(std::size_t{0}, layers::all_layers().size()), kind_name);

}  // namespace
}  // namespace gatewright
