// SPDX-License-Identifier: Apache-2.0
#include "staged_networks.h"

#include <gtest/gtest.h>

#include "layers/conv.h"
#include "layers/dense.h"
#include "layers/input.h"
#include "layers/merge.h"
#include "layers/permute.h"
#include "layers/pool.h"
#include "layers/quantize.h"
#include "layers/rearrange.h"
#include "layers/relu.h"
#include "layers/reshape.h"

namespace gatewright::rtl::testing {

using fixed::Dyadic;
using fixed::Format;
using fixed::Integer;
using model::Graph;

StagedCase staged_case(const Graph& graph, const arch::MappingParams& mapping, double clock_mhz) {
    StagedCase out;
    auto typed = model::infer_types(graph);
    if (!typed) throw std::runtime_error(typed.error().message);
    arch::StageParams params;
    params.mapping = mapping;
    std::vector<std::string> warnings;
    auto design = arch::plan_stages(*typed, params, warnings);
    if (!design) throw std::runtime_error(design.error().message);
    out.design = std::move(*design);
    schedule::ScheduleParams clock;
    clock.clock_mhz = clock_mhz;
    auto scheduled =
        schedule::schedule_stages(out.design, *schedule::find_device("xcvu13p-2"), clock);
    if (!scheduled) throw std::runtime_error(scheduled.error().message);
    out.schedule = std::move(*scheduled);
    out.netlist = build_staged_netlist(out.design, out.schedule);
    return out;
}

arch::MappingParams mapping_of(arch::Io io, std::int64_t reuse, arch::WeightStore weights,
                               arch::Multipliers multipliers) {
    arch::MappingParams mapping;
    mapping.io = io;
    mapping.reuse = reuse;
    mapping.rounding = arch::ReuseRounding::kNearest;
    mapping.weights = weights;
    mapping.multipliers = multipliers;
    return mapping;
}

namespace {

layers::Input input_of(tensor::Shape shape, const Format& format) {
    layers::Input input;
    input.shape = std::move(shape);
    input.type = {{.format = format}};
    return input;
}

layers::Quantize quantize_to(const Format& format) {
    layers::Quantize quantize;
    quantize.type = {
        {.format = format, .round = fixed::Round::kRnd, .overflow = fixed::Overflow::kSat}};
    return quantize;
}

model::Values random_kernel(Rng& rng, tensor::Shape shape, int bits = 4) {
    model::Values kernel(std::move(shape));
    const std::int64_t most = (std::int64_t{1} << (bits - 1)) - 1;
    for (Dyadic& weight : kernel.data) weight = Dyadic(rng.between(-most, most), 1 - bits);
    return kernel;
}

std::vector<Dyadic> random_biases(Rng& rng, std::int64_t count) {
    std::vector<Dyadic> out;
    for (std::int64_t j = 0; j < count; ++j) out.emplace_back(rng.between(-9, 9), -4);
    return out;
}

layers::Conv conv_of(Rng& rng, std::int64_t size, std::int64_t in, std::int64_t out) {
    layers::Conv conv;
    conv.kernel = random_kernel(rng, {size, size, in, out});
    conv.bias = random_biases(rng, out);
    return conv;
}

layers::Conv same_conv(Rng& rng, std::int64_t in, std::int64_t out) {
    layers::Conv conv = conv_of(rng, 3, in, out);
    conv.padding_before = {1, 1};
    conv.padding_after = {1, 1};
    return conv;
}

layers::Dense dense_of(Rng& rng, std::int64_t in, std::int64_t out, int bits = 4) {
    layers::Dense dense;
    dense.kernel = random_kernel(rng, {in, out}, bits);
    dense.bias = random_biases(rng, out);
    return dense;
}

}  // namespace

Graph one_convolution(Rng& rng, std::int64_t rows, std::int64_t width) {
    Graph graph;
    graph.name = "one_conv";
    LayerId last = graph.add("x", "", input_of({rows, width, 2}, {true, 5, 2}), {});
    last = graph.add("conv", "conv", same_conv(rng, 2, 3), {last});
    last = graph.add("conv_relu", "conv", layers::Relu(), {last});
    last = graph.add("conv_cast", "conv", quantize_to({false, 6, 2}), {last});
    graph.add_output(last);
    return graph;
}

Graph small_cnn(Rng& rng) {
    Graph graph;
    graph.name = "cnn";
    LayerId last = graph.add("x", "", input_of({6, 5, 2}, {true, 5, 2}), {});
    last = graph.add("conv", "conv", same_conv(rng, 2, 3), {last});
    last = graph.add("conv_relu", "conv", layers::Relu(), {last});
    last = graph.add("conv_cast", "conv", quantize_to({false, 6, 2}), {last});
    layers::MaxPool pool;
    pool.size = {2, 2};
    last = graph.add("pool", "pool", std::move(pool), {last});
    layers::Reshape flatten;
    flatten.shape = {18};
    last = graph.add("flatten", "flatten", std::move(flatten), {last});
    last = graph.add("dense", "dense", dense_of(rng, 18, 4), {last});
    last = graph.add("dense_cast", "dense", quantize_to({true, 8, 3}), {last});
    graph.add_output(last);
    return graph;
}

Graph branches(Rng& rng) {
    Graph graph;
    graph.name = "branches";
    LayerId x = graph.add("x", "", input_of({6, 6, 2}, {true, 5, 2}), {});
    layers::Conv strided = same_conv(rng, 2, 3);
    strided.strides = {2, 2};
    LayerId down = graph.add("down", "down", std::move(strided), {x});
    down = graph.add("down_cast", "down", quantize_to({true, 6, 2}), {down});
    layers::Upsample twice;
    twice.size = {2, 2};
    LayerId up = graph.add("up", "up", std::move(twice), {down});
    LayerId side = graph.add("side", "side", conv_of(rng, 1, 2, 3), {x});
    side = graph.add("side_cast", "side", quantize_to({true, 6, 2}), {side});
    LayerId sum = graph.add("sum", "sum", layers::Add(), {up, side});
    layers::Permute turned;
    turned.dims = {1, 0, 2};
    LayerId turn = graph.add("turn", "turn", std::move(turned), {sum});
    LayerId last = graph.add("last", "last", same_conv(rng, 3, 2), {turn});
    last = graph.add("last_cast", "last", quantize_to({true, 7, 2}), {last});
    graph.add_output(last);
    graph.add_output(down);
    return graph;
}

Graph one_dense(Rng& rng, std::int64_t inputs, std::int64_t outputs, int bits) {
    Graph graph;
    graph.name = "one_dense";
    LayerId last = graph.add("x", "", input_of({inputs}, {true, bits, 0}), {});
    last = graph.add("dense", "dense", dense_of(rng, inputs, outputs, bits), {last});
    last = graph.add("relu", "dense", layers::Relu(), {last});
    last = graph.add("cast", "dense", quantize_to({false, bits, 0}), {last});
    graph.add_output(last);
    return graph;
}

std::vector<std::vector<Integer>> staged_events(const arch::StagedDesign& design, std::size_t count,
                                                Rng& rng) {
    std::vector<std::vector<Integer>> events(count);
    for (std::size_t e = 0; e < count; ++e) {
        for (const arch::Port& port : design.inputs) {
            for (const fixed::Cast& element : port.elements) {
                const Format& format = element.format;
                const std::int64_t lo = *format.min_code().to_int64();
                const std::int64_t hi = *format.max_code().to_int64();
                events[e].emplace_back(e == 0 ? lo : e == 1 ? hi : rng.between(lo, hi));
            }
        }
    }
    return events;
}

}  // namespace gatewright::rtl::testing
