// SPDX-License-Identifier: Apache-2.0
#include "layers/conv.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/dense.h"
#include "layers/ebops.h"
#include "layers/example_types.h"
#include "layers/patch_memo.h"
#include "layers/plain_loops.h"
#include "layers/shapes.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

namespace {

// A convolution over an input of known shape. Every group is a matrix of [taps · inputs, outputs].
struct ConvPlan {
    Sliding sliding;
    std::size_t groups = 1;
    std::size_t channels = 0;  // of the input
    std::size_t inputs = 0;    // channels of one group
    std::size_t outputs = 0;   // of one group

    [[nodiscard]] std::size_t all_outputs() const { return groups * outputs; }
    [[nodiscard]] std::size_t weight(std::size_t tap, std::size_t input, std::size_t group,
                                     std::size_t output) const {
        return (tap * inputs + input) * all_outputs() + group * outputs + output;
    }
};

Status check_groups(const Conv& conv, const tensor::Shape& input) {
    const std::int64_t inputs = conv.kernel.shape[conv.kernel.shape.size() - 2];
    const std::int64_t outputs = conv.kernel.shape.back();
    if (conv.groups < 1 || outputs < 1 || outputs % conv.groups != 0 ||
        input.back() % conv.groups != 0) {
        return fail(
            fmt::format("groups {} must divide the input's {} channels and the kernel's {} "
                        "outputs",
                        conv.groups, input.back(), outputs));
    }
    if (inputs != input.back() / conv.groups) {
        return fail(
            fmt::format("kernel {} does not fit the input {} in {} groups: its last size "
                        "but one must be {}",
                        tensor::to_string(conv.kernel.shape), tensor::to_string(input), conv.groups,
                        input.back() / conv.groups));
    }
    return {};
}

Result<ConvPlan> plan_conv(const Conv& conv, const tensor::Shape& input) {
    const tensor::Shape& kernel = conv.kernel.shape;
    if (input.size() < 2 || kernel.size() != input.size() + 1) {
        return fail(fmt::format(
            "kernel {} does not fit the input {}: expected [window.., channels / groups, outputs] "
            "for an input of [axes.., channels]",
            tensor::to_string(kernel), tensor::to_string(input)));
    }
    GW_TRY_STATUS(check_groups(conv, input));
    ConvPlan plan;
    const tensor::Shape size(kernel.begin(), kernel.end() - 2);
    GW_TRY(plan.sliding, place_window(input, {size, conv.strides, conv.dilation,
                                              conv.padding_before, conv.padding_after}));
    plan.groups = static_cast<std::size_t>(conv.groups);
    plan.channels = static_cast<std::size_t>(input.back());
    plan.inputs = plan.channels / plan.groups;
    plan.outputs = static_cast<std::size_t>(kernel.back()) / plan.groups;
    tensor::Shape shape = plan.sliding.positions;
    shape.push_back(kernel.back());
    GW_TRY_STATUS(expect_reasonable(shape));
    return plan;
}

Status check_constants(const Conv& conv) {
    const auto outputs = static_cast<std::size_t>(conv.kernel.shape.back());
    if (!conv.bias.empty() && conv.bias.size() != outputs) {
        return fail(fmt::format("has {} biases for {} outputs", conv.bias.size(), outputs));
    }
    if (!conv.kernel_bits.empty() && conv.kernel_bits.size() != conv.kernel.size()) {
        return fail(fmt::format("has {} kernel_bits for {} weights", conv.kernel_bits.size(),
                                conv.kernel.size()));
    }
    for (std::size_t o = 0; o < outputs; ++o) {
        GW_TRY_STATUS(expect_narrow_spread([&](std::size_t i) {
            const std::size_t w = i * outputs + o;
            return w < conv.kernel.size() ? &conv.kernel[w] : nullptr;
        }));
    }
    return {};
}

// Ranges of one group's outputs at one position; patch: one range per tap and channel.
std::vector<Interval> group_ranges(const Conv& conv, const ConvPlan& plan, std::size_t group,
                                   const std::vector<const Interval*>& patch) {
    std::vector<Interval> out;
    for (std::size_t o = 0; o < plan.outputs; ++o) {
        const std::size_t output = group * plan.outputs + o;
        std::optional<Interval> sum;
        if (!conv.bias.empty() && !conv.bias[output].is_zero()) {
            sum = Interval::constant(conv.bias[output]);
        }
        for (std::size_t i = 0; i < patch.size(); ++i) {
            if (patch[i] == nullptr) continue;
            const Dyadic& w = conv.kernel[i * plan.all_outputs() + output];
            if (!w.is_zero()) add_term(sum, scaled(*patch[i], w));
        }
        out.push_back(sum.value_or(Interval::constant(0)));
    }
    return out;
}

}  // namespace

Result<TensorType> Conv::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    const TensorType& x = inputs[0];
    GW_TRY(const ConvPlan plan, plan_conv(*this, x.shape));
    GW_TRY_STATUS(check_constants(*this));
    TensorType out{plan.sliding.positions, {}};
    out.shape.push_back(kernel.shape.back());
    out.elements.reserve(tensor::element_count(out.shape));
    RangeNumbers numbers;
    const std::vector<std::uint32_t> number_of = numbers.of(x.elements);
    std::vector<PatchMemo<std::vector<Interval>>> memo(plan.groups);
    std::vector<std::uint32_t> patch;
    for (std::size_t p = 0; p < plan.sliding.position_count(); ++p) {
        const std::vector<std::int64_t> taps = plan.sliding.taps_at(p);
        for (std::size_t g = 0; g < plan.groups; ++g) {
            patch.clear();
            for (const std::int64_t tap : taps) {
                const std::size_t base =
                    static_cast<std::size_t>(std::max<std::int64_t>(tap, 0)) * plan.channels +
                    g * plan.inputs;
                for (std::size_t c = 0; c < plan.inputs; ++c) {
                    patch.push_back(tap < 0 ? 0 : number_of[base + c]);
                }
            }
            const auto& ranges = memo[g].of(patch, [&] {
                std::vector<const Interval*> read;
                for (const std::uint32_t n : patch) {
                    read.push_back(n == 0 ? nullptr : &numbers.range(n));
                }
                return group_ranges(*this, plan, g, read);
            });
            out.elements.insert(out.elements.end(), ranges.begin(), ranges.end());
        }
    }
    return out;
}

namespace {

// The definition, in plain loops: `number` reads a weight or bias.
template <class T, class Number>
tensor::Tensor<T> convolve_plainly(const tensor::Tensor<T>& x, const Conv& conv, Number number) {
    const std::size_t axes = x.shape.size() - 1;
    const tensor::Shape size(conv.kernel.shape.begin(), conv.kernel.shape.end() - 2);
    const auto at = [](const tensor::Shape& list, std::size_t axis, std::int64_t fallback) {
        return list.empty() ? fallback : list[axis];
    };
    tensor::Shape shape = x.shape;
    shape[axes] = conv.kernel.shape.back();
    for (std::size_t a = 0; a < axes; ++a) {
        const std::int64_t end =
            x.shape[a] + at(conv.padding_before, a, 0) + at(conv.padding_after, a, 0);
        shape[a] = 0;
        while (shape[a] * at(conv.strides, a, 1) + (size[a] - 1) * at(conv.dilation, a, 1) < end) {
            ++shape[a];
        }
    }
    tensor::Tensor<T> y(shape);
    const std::int64_t inputs = x.shape[axes] / conv.groups;
    const std::int64_t outputs = shape[axes] / conv.groups;
    std::size_t flat = 0;
    for_each_index(shape, [&](const std::vector<std::int64_t>& index) {
        const std::int64_t output = index[axes];
        T sum = conv.bias.empty() ? T(0) : number(conv.bias[static_cast<std::size_t>(output)]);
        for_each_index(size, [&](const std::vector<std::int64_t>& tap) {
            std::vector<std::int64_t> source = index;
            std::vector<std::int64_t> weight = tap;
            weight.resize(axes + 2);
            weight[axes + 1] = output;
            for (std::size_t a = 0; a < axes; ++a) {
                source[a] = index[a] * at(conv.strides, a, 1) + tap[a] * at(conv.dilation, a, 1) -
                            at(conv.padding_before, a, 0);
                if (source[a] < 0 || source[a] >= x.shape[a]) return;
            }
            for (std::int64_t c = 0; c < inputs; ++c) {
                source[axes] = output / outputs * inputs + c;
                weight[axes] = c;
                sum += element_at(x, source) * number(element_at(conv.kernel, weight));
            }
        });
        y[flat++] = sum;
    });
    return y;
}

}  // namespace

Values Conv::reference(std::span<const Values> inputs) const {
    return convolve_plainly(inputs[0], *this, [](const Dyadic& w) { return w; });
}

Reals Conv::real(std::span<const Reals> inputs) const {
    return convolve_plainly(inputs[0], *this, [](const Dyadic& w) { return w.to_double(); });
}

namespace {

// The matrix of a group, rows of taps outside the input left out. Solved by itself such a matrix
// takes 12 to 31 % fewer cells than the whole one with zeros at these taps (3×3 kernels of 1 to 8
// channels, edges and corners), and an image has only as many of them as distinct edges.
cmvm::LinearForm group_form(const Conv& conv, const ConvPlan& plan, std::size_t group,
                            const std::vector<std::int64_t>& taps) {
    cmvm::LinearForm form;
    form.outputs = plan.outputs;
    for (std::size_t t = 0; t < taps.size(); ++t) {
        if (taps[t] < 0) continue;
        for (std::size_t c = 0; c < plan.inputs; ++c) {
            ++form.inputs;
            const auto row =
                conv.kernel.data.begin() + static_cast<std::ptrdiff_t>(plan.weight(t, c, group, 0));
            form.weights.insert(form.weights.end(), row,
                                row + static_cast<std::ptrdiff_t>(plan.outputs));
        }
    }
    if (!conv.bias.empty()) {
        const auto first = conv.bias.begin() + static_cast<std::ptrdiff_t>(group * plan.outputs);
        form.bias.assign(first, first + static_cast<std::ptrdiff_t>(plan.outputs));
    }
    return form;
}

std::vector<dfg::ValueId> group_values(const ConvPlan& plan, std::size_t group,
                                       const std::vector<std::int64_t>& taps,
                                       std::span<const dfg::ValueId> x) {
    std::vector<dfg::ValueId> out;
    for (const std::int64_t tap : taps) {
        if (tap < 0) continue;
        const auto own = x.subspan(
            static_cast<std::size_t>(tap) * plan.channels + group * plan.inputs, plan.inputs);
        out.insert(out.end(), own.begin(), own.end());
    }
    return out;
}

}  // namespace

std::vector<dfg::ValueId> Conv::lower(model::Lowering& lowering,
                                      std::span<const Operand> inputs) const {
    const ConvPlan plan = plan_conv(*this, inputs[0].type.shape).value();
    std::vector<dfg::ValueId> y;
    for (std::size_t p = 0; p < plan.sliding.position_count(); ++p) {
        const std::vector<std::int64_t> taps = plan.sliding.taps_at(p);
        for (std::size_t g = 0; g < plan.groups; ++g) {
            const auto part = emit_linear(lowering.builder, group_form(*this, plan, g, taps),
                                          group_values(plan, g, taps, inputs[0].values),
                                          lowering.cmvm, lowering.cache);
            y.insert(y.end(), part.begin(), part.end());
        }
    }
    return y;
}

std::optional<model::Repetition> Conv::repetition(std::span<const TensorType> inputs) const {
    const ConvPlan plan = plan_conv(*this, inputs[0].shape).value();
    Dense part;
    const std::size_t rows = plan.sliding.tap_count() * plan.channels;
    const std::size_t outputs = plan.all_outputs();
    part.kernel = Values({static_cast<std::int64_t>(rows), static_cast<std::int64_t>(outputs)});
    if (!kernel_bits.empty()) part.kernel_bits.resize(part.kernel.size());
    for (std::size_t t = 0; t < plan.sliding.tap_count(); ++t) {
        for (std::size_t c = 0; c < plan.channels; ++c) {
            const std::size_t group = c / plan.inputs;
            for (std::size_t o = 0; o < plan.outputs; ++o) {
                const std::size_t from = plan.weight(t, c % plan.inputs, group, o);
                const std::size_t to = (t * plan.channels + c) * outputs + group * plan.outputs + o;
                part.kernel[to] = kernel[from];
                if (!kernel_bits.empty()) part.kernel_bits[to] = kernel_bits[from];
            }
        }
    }
    part.bias = bias;
    part.bias_bits = bias_bits;
    return model::Repetition{
        plan.sliding.positions, {plan.sliding.window}, [part = std::move(part)](std::size_t) {
            return std::make_unique<Dense>(part);
        }};
}

model::LayerFacts Conv::facts(std::span<const TensorType> types) const {
    model::LayerFacts facts;
    facts.weights = kernel.size();
    facts.nonzero_weights = static_cast<std::size_t>(std::count_if(
        kernel.data.begin(), kernel.data.end(), [](const Dyadic& w) { return !w.is_zero(); }));
    if (types.empty()) return facts;
    const auto plan = plan_conv(*this, types[0].shape);
    if (!plan) return facts;
    // Per tap and input channel: the bits of all its weights. Taps in the padding cost nothing.
    std::vector<double> weight_bits(plan->sliding.tap_count() * plan->channels);
    for (std::size_t i = 0; i < weight_bits.size(); ++i) {
        const std::size_t c = i % plan->channels;
        for (std::size_t o = 0; o < plan->outputs; ++o) {
            const std::size_t w =
                plan->weight(i / plan->channels, c % plan->inputs, c / plan->inputs, o);
            weight_bits[i] += bits_or(kernel_bits, w, kernel[w]);
        }
    }
    std::vector<double> input_bits;
    for (const Interval& range : types[0].elements) input_bits.push_back(bits_of(range));
    for (std::size_t p = 0; p < plan->sliding.position_count(); ++p) {
        const std::vector<std::int64_t> taps = plan->sliding.taps_at(p);
        for (std::size_t t = 0; t < taps.size(); ++t) {
            if (taps[t] < 0) continue;
            const std::size_t base = static_cast<std::size_t>(taps[t]) * plan->channels;
            for (std::size_t c = 0; c < plan->channels; ++c) {
                facts.ebops += input_bits[base + c] * weight_bits[t * plan->channels + c];
            }
        }
    }
    facts.ebops += mean_bits(bias_bits, bias) *
                   static_cast<double>(plan->sliding.position_count() * plan->all_outputs());
    return facts;
}

std::string Conv::summary() const {
    const auto facts_ = facts({});
    std::string text = "kernel " + tensor::to_string(kernel.shape);
    if (groups > 1) text += fmt::format(" in {} groups", groups);
    if (std::any_of(strides.begin(), strides.end(), [](auto s) { return s != 1; })) {
        text += ", stride " + tensor::to_string(strides);
    }
    return text +
           fmt::format(", {} of {} weights not zero", facts_.nonzero_weights, facts_.weights);
}

std::vector<model::Example> Conv::examples(Rng& rng) {
    struct Case {
        tensor::Shape input, kernel, strides, dilation, before, after;
        std::int64_t groups = 1;
    };
    // One axis: valid, same, causal, strided, dilated, grouped, depthwise with a multiplier; two:
    // valid, same with an even size, pointwise, depthwise, everything at once; three.
    const Case cases[] = {
        {{5, 2}, {3, 2, 2}, {}, {}, {}, {}},
        {{5, 1}, {3, 1, 2}, {}, {}, {1}, {1}},
        {{5, 2}, {2, 2, 1}, {}, {2}, {2}, {}},
        {{7, 1}, {3, 1, 2}, {2}, {}, {}, {1}},
        {{3, 4}, {2, 2, 4}, {}, {}, {}, {}, 2},
        {{3, 2}, {2, 1, 6}, {}, {}, {0}, {1}, 2},
        {{3, 4, 1}, {2, 2, 1, 3}, {}, {}, {}, {}},
        {{4, 4, 1}, {3, 3, 1, 1}, {2, 2}, {}, {0, 0}, {1, 1}},
        {{2, 3, 3}, {1, 1, 3, 2}, {}, {}, {}, {}},
        {{3, 3, 2}, {3, 3, 1, 2}, {}, {}, {1, 1}, {1, 1}, 2},
        {{4, 5, 2}, {2, 2, 1, 4}, {2, 1}, {2, 3}, {1, 0}, {0, 2}, 2},
        {{2, 2, 3, 1}, {2, 1, 2, 1, 2}, {}, {}, {}, {}},
    };
    std::vector<model::Example> out;
    for (const Case& c : cases) {
        auto layer = std::make_unique<Conv>();
        layer->kernel = Values(c.kernel);
        for (Dyadic& w : layer->kernel.data) w = random_weight(rng);
        layer->strides = c.strides;
        layer->dilation = c.dilation;
        layer->padding_before = c.before;
        layer->padding_after = c.after;
        layer->groups = c.groups;
        if (rng.chance(0.6)) {
            for (std::int64_t o = 0; o < c.kernel.back(); ++o) {
                layer->bias.push_back(random_weight(rng));
            }
        }
        out.push_back({std::move(layer), {random_type(rng, c.input)}});
    }
    auto layer = std::make_unique<Conv>();
    layer->kernel = Values({2, 1, 1}, {3, Dyadic(-5, 3)});
    layer->padding_after = {1};
    out.push_back({std::move(layer), {wide_type({3, 1}, 1000)}});
    return out;
}

}  // namespace gatewright::layers
