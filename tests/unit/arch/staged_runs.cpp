// SPDX-License-Identifier: Apache-2.0
#include "unit/arch/staged_runs.h"

#include <fmt/format.h>

namespace gatewright::testing {

using fixed::Dyadic;
using fixed::Format;
using fixed::Integer;

namespace {

Integer random_code(const Format& format, Rng& rng) {
    Integer code = 0;
    for (int bits = 0; bits < format.width; bits += 32) {
        code = (code << 32) + Integer(static_cast<std::int64_t>(rng.below(1ULL << 32U)));
    }
    return format.wrap(code);
}

std::vector<Integer> event_codes(const arch::StagedDesign& design, int number, Rng& rng) {
    std::vector<Integer> codes;
    for (const dfg::Port& port : design.inputs) {
        for (const fixed::Cast& element : port.elements) {
            const Format& format = element.format;
            const bool low = number == 0 || (number == 2 && codes.size() % 2 == 0);
            if (number < 3) {
                codes.push_back(low ? format.min_code() : format.max_code());
            } else {
                codes.push_back(random_code(format, rng));
            }
        }
    }
    return codes;
}

std::vector<model::Values> values_of(const arch::StagedDesign& design,
                                     const std::vector<Integer>& codes) {
    std::vector<model::Values> out;
    std::size_t next = 0;
    for (const dfg::Port& port : design.inputs) {
        model::Values values(port.shape);
        for (std::size_t i = 0; i < port.elements.size(); ++i) {
            values[i] = Dyadic(codes[next++], -port.elements[i].format.frac);
        }
        out.push_back(std::move(values));
    }
    return out;
}

// Plain trees instead of searched adder graphs: what is tested here does not depend on them.
arch::StageParams quick(arch::StageParams params) {
    params.cmvm.effort = 0;
    return params;
}

void expect_in_ranges(const arch::StagedDesign& design,
                      const std::vector<std::vector<Integer>>& streams) {
    for (std::size_t s = 0; s < streams.size(); ++s) {
        const arch::Stream& stream = design.streams[s];
        for (std::size_t i = 0; i < streams[s].size(); ++i) {
            const std::size_t channel = i % stream.channels();
            const Dyadic value(streams[s][i], -stream.formats[channel].frac);
            ASSERT_TRUE(stream.ranges[channel].contains(value))
                << "stream " << stream.name << " element " << i << " is " << value.to_string()
                << ", outside " << to_string(stream.ranges[channel]);
        }
    }
}

}  // namespace

arch::StagedDesign plan_of(const model::Graph& graph, const arch::StageParams& params) {
    auto typed = model::infer_types(graph);
    EXPECT_TRUE(typed) << (typed ? "" : typed.error().message);
    if (!typed) return {};
    std::vector<std::string> warnings;
    auto design = arch::plan_stages(*typed, quick(params), warnings);
    EXPECT_TRUE(design) << (design ? "" : design.error().message);
    if (!design) return {};
    const auto status = arch::verify(*design);
    EXPECT_TRUE(status) << (status ? "" : status.error().message);
    return std::move(*design);
}

std::string plan_error(const model::Graph& graph, const arch::StageParams& params) {
    const auto typed = model::infer_types(graph);
    EXPECT_TRUE(typed) << (typed ? "" : typed.error().message);
    if (!typed) return "no model";
    std::vector<std::string> warnings;
    const auto design = arch::plan_stages(*typed, quick(params), warnings);
    return design ? "" : design.error().message;
}

void expect_plan_is_model(const model::Graph& graph, const arch::StageParams& params, Rng& rng,
                          int events) {
    const arch::StagedDesign design = plan_of(graph, params);
    if (design.results.empty()) return;
    for (int number = 0; number < events; ++number) {
        const std::vector<Integer> codes = event_codes(design, number, rng);
        std::vector<std::vector<Integer>> streams;
        const std::vector<Integer> outputs = arch::evaluate(design, codes, &streams);
        expect_in_ranges(design, streams);
        const auto reference = model::evaluate_reference(graph, values_of(design, codes));
        std::size_t next = 0;
        for (std::size_t port = 0; port < design.outputs.size(); ++port) {
            const model::Values& expected = reference[graph.outputs()[port].index()];
            ASSERT_EQ(expected.size(), design.outputs[port].elements.size());
            for (std::size_t i = 0; i < expected.size(); ++i, ++next) {
                const Format& format = design.outputs[port].elements[i].format;
                ASSERT_EQ(Dyadic(outputs[next], -format.frac), expected[i])
                    << "output " << port << " element " << i << " of event " << number;
            }
        }
    }
}

}  // namespace gatewright::testing
