// SPDX-License-Identifier: Apache-2.0
#include "layers/pool_taps.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/ebops.h"
#include "layers/emit.h"
#include "layers/example_types.h"

namespace gatewright::layers {

using fixed::Cast;
using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

Result<Interval> mean_range(const Interval& sum, const Ratio& ratio,
                            const std::vector<Cast>& sum_type, const Cast* type) {
    const Interval before = sum_type.empty() ? sum : fixed::cast(sum, sum_type[0]);
    if (type != nullptr) return quotient_range(before, ratio, *type);
    const auto factor = exact_factor(ratio);
    if (!factor) {
        return fail(fmt::format(
            "divides by {}, which binary numbers cannot do exactly: give the type that the "
            "quotient is rounded to ('type')",
            ratio.divisor));
    }
    return scaled(before, *factor);
}

dfg::ValueId emit_mean(model::Lowering& lowering, dfg::ValueId sum, const Ratio& ratio,
                       const std::vector<Cast>& sum_type, const Cast* type) {
    const dfg::ValueId before = sum_type.empty() ? sum : lowering.builder.cast(sum, sum_type[0]);
    if (type != nullptr) return emit_quotient(lowering, before, ratio, *type);
    return emit_affine(lowering, before, exact_factor(ratio).value(), 0);
}

double sum_ebops(std::span<const Interval> terms) {
    double sum = 0;
    double least = 0;
    for (const Interval& term : terms) {
        const double bits = bits_of(term);
        least = sum == 0 ? bits : std::min(least, bits);
        sum += bits;
    }
    return 0.65 * (sum - least);
}

namespace {

Result<std::size_t> count_taps(const TensorType& x, std::int64_t channels,
                               const std::vector<std::int64_t>& taps) {
    if (x.shape.size() != 1 || channels <= 0 || x.shape[0] % channels != 0) {
        return fail(fmt::format("the input has shape {}, expected [taps * {}] with whole taps",
                                tensor::to_string(x.shape), channels));
    }
    const std::int64_t count = x.shape[0] / channels;
    for (const std::int64_t tap : taps) {
        if (tap < 0 || tap >= count) {
            return fail(fmt::format("tap {} does not exist: the input has {}", tap, count));
        }
    }
    if (count == 0) return fail("the input has no taps");
    return static_cast<std::size_t>(count);
}

std::vector<std::size_t> taking_part(const std::vector<std::int64_t>& taps, std::size_t count) {
    std::vector<std::size_t> out(taps.begin(), taps.end());
    for (std::size_t t = 0; taps.empty() && t < count; ++t) out.push_back(t);
    return out;
}

// For the references: elements of one channel that take part.
template <class T>
std::vector<T> channel_elements(const tensor::Tensor<T>& x, std::int64_t channels, std::int64_t c,
                                const std::vector<std::int64_t>& taps) {
    std::vector<T> out;
    for (std::int64_t t = 0; t < static_cast<std::int64_t>(x.size()) / channels; ++t) {
        if (!taps.empty() && std::find(taps.begin(), taps.end(), t) == taps.end()) continue;
        out.push_back(x[static_cast<std::size_t>(t * channels + c)]);
    }
    return out;
}

}  // namespace

Result<TensorType> MaxTaps::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    const std::vector<Interval>& x = inputs[0].elements;
    GW_TRY(const std::size_t count, count_taps(inputs[0], channels, taps));
    const auto stride = static_cast<std::size_t>(channels);
    const std::vector<std::size_t> used = taking_part(taps, count);
    TensorType out{{channels}, {}};
    for (std::size_t c = 0; c < stride; ++c) {
        Interval range = x[used[0] * stride + c];
        for (const std::size_t tap : used) range = fixed::max(range, x[tap * stride + c]);
        out.elements.push_back(std::move(range));
    }
    return out;
}

Values MaxTaps::reference(std::span<const Values> inputs) const {
    Values y({channels});
    for (std::int64_t c = 0; c < channels; ++c) {
        const auto x = channel_elements(inputs[0], channels, c, taps);
        y[static_cast<std::size_t>(c)] = *std::max_element(x.begin(), x.end());
    }
    return y;
}

Reals MaxTaps::real(std::span<const Reals> inputs) const {
    Reals y({channels});
    for (std::int64_t c = 0; c < channels; ++c) {
        const auto x = channel_elements(inputs[0], channels, c, taps);
        y[static_cast<std::size_t>(c)] = *std::max_element(x.begin(), x.end());
    }
    return y;
}

std::vector<dfg::ValueId> MaxTaps::lower(model::Lowering& lowering,
                                         std::span<const Operand> inputs) const {
    dfg::Builder& b = lowering.builder;
    const auto stride = static_cast<std::size_t>(channels);
    const auto used = taking_part(taps, inputs[0].values.size() / stride);
    std::vector<dfg::ValueId> y;
    for (std::size_t c = 0; c < stride; ++c) {
        std::vector<dfg::ValueId> terms;
        for (const std::size_t tap : used) terms.push_back(inputs[0].values[tap * stride + c]);
        y.push_back(balanced_tree(std::move(terms),
                                  [&](dfg::ValueId p, dfg::ValueId q) { return b.max(p, q); }));
    }
    return y;
}

std::string MaxTaps::summary() const {
    if (taps.empty()) return fmt::format("{} channels", channels);
    return fmt::format("{} channels, {} taps", channels, taps.size());
}

std::vector<model::Example> MaxTaps::examples(Rng& rng) {
    std::vector<model::Example> out;
    for (int i = 0; i < 4; ++i) {
        auto layer = std::make_unique<MaxTaps>();
        layer->channels = rng.between(1, 3);
        const std::int64_t count = i == 3 ? 1 : rng.between(2, 6);
        if (i == 1) layer->taps = {count - 1, 0};
        out.push_back({std::move(layer), {}});
        const std::int64_t size = count * static_cast<MaxTaps&>(*out.back().layer).channels;
        out.back().inputs = {random_type(rng, {size})};
    }
    return out;
}

Result<TensorType> AverageTaps::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    const std::vector<Interval>& x = inputs[0].elements;
    GW_TRY(const std::size_t count, count_taps(inputs[0], channels, taps));
    const auto stride = static_cast<std::size_t>(channels);
    if (divisor <= 0) return fail(fmt::format("divides by {}; give a positive number", divisor));
    if (sum_type.size() > 1) return fail("takes one sum_type, not one per channel");
    if (type.size() > 1 && type.size() != stride) {
        return fail(fmt::format("has {} types for {} channels; give one, or one per channel",
                                type.size(), channels));
    }
    TensorType out{{channels}, {}};
    for (std::size_t c = 0; c < stride; ++c) {
        std::optional<Interval> terms;
        for (const std::size_t tap : taking_part(taps, count)) {
            add_term(terms, x[tap * stride + c]);
        }
        Interval sum = terms.value_or(Interval::constant(0));
        const Cast* to = type.empty() ? nullptr : &type[type.size() == 1 ? 0 : c];
        GW_TRY(sum, mean_range(sum, {scale, divisor}, sum_type, to));
        out.elements.push_back(std::move(sum));
    }
    return out;
}

Values AverageTaps::reference(std::span<const Values> inputs) const {
    Values y({channels});
    for (std::size_t c = 0; c < y.size(); ++c) {
        Dyadic sum;
        for (const Dyadic& value :
             channel_elements(inputs[0], channels, static_cast<std::int64_t>(c), taps)) {
            sum += value;
        }
        if (!sum_type.empty()) sum = cast_value(sum, sum_type[0]);
        y[c] = type.empty()
                   ? sum * exact_factor({scale, divisor}).value()
                   : quotient_value(sum, {scale, divisor}, type.size() == 1 ? type[0] : type[c]);
    }
    return y;
}

Reals AverageTaps::real(std::span<const Reals> inputs) const {
    Reals y({channels});
    for (std::size_t c = 0; c < y.size(); ++c) {
        double sum = 0;
        for (const double value :
             channel_elements(inputs[0], channels, static_cast<std::int64_t>(c), taps)) {
            sum += value;
        }
        y[c] = sum * scale.to_double() / static_cast<double>(divisor);
    }
    return y;
}

std::vector<dfg::ValueId> AverageTaps::lower(model::Lowering& lowering,
                                             std::span<const Operand> inputs) const {
    dfg::Builder& b = lowering.builder;
    const auto stride = static_cast<std::size_t>(channels);
    const auto used = taking_part(taps, inputs[0].values.size() / stride);
    std::vector<dfg::ValueId> y;
    for (std::size_t c = 0; c < stride; ++c) {
        std::vector<dfg::ValueId> terms;
        for (const std::size_t tap : used) terms.push_back(inputs[0].values[tap * stride + c]);
        const dfg::ValueId sum = balanced_tree(
            std::move(terms), [&](dfg::ValueId p, dfg::ValueId q) { return b.add(p, q); });
        const Cast* to = type.empty() ? nullptr : &type[type.size() == 1 ? 0 : c];
        y.push_back(emit_mean(lowering, sum, {scale, divisor}, sum_type, to));
    }
    return y;
}

model::LayerFacts AverageTaps::facts(std::span<const TensorType> inputs) const {
    model::LayerFacts facts;
    if (!infer(inputs)) return facts;
    const auto stride = static_cast<std::size_t>(channels);
    const auto used = taking_part(taps, inputs[0].elements.size() / stride);
    for (std::size_t c = 0; c < stride; ++c) {
        std::vector<Interval> x;
        for (const std::size_t tap : used) x.push_back(inputs[0].elements[tap * stride + c]);
        facts.ebops += sum_ebops(x);
    }
    return facts;
}

std::string AverageTaps::summary() const {
    return fmt::format("{} channels, divided by {}", channels, divisor);
}

std::vector<model::Example> AverageTaps::examples(Rng& rng) {
    std::vector<model::Example> out;
    for (int i = 0; i < 28; ++i) {
        auto layer = std::make_unique<AverageTaps>();
        layer->channels = rng.between(1, 2);
        const std::int64_t count = rng.between(1, 6);
        layer->divisor = i % 4 == 0 ? rng.between(1, 20) : count;
        if (i % 5 == 0) layer->taps = {count - 1};
        if (i % 3 == 0) layer->scale = random_weight(rng);
        if (i % 7 == 0) layer->sum_type = {random_cast(rng)};
        const std::int64_t types = i % 2 == 0 ? 1 : layer->channels;
        for (std::int64_t t = 0; t < types; ++t) {
            layer->type.push_back(random_cast(rng));
            layer->type.back().round = static_cast<fixed::Round>(i % 7);
        }
        const std::int64_t size = count * layer->channels;
        out.push_back({std::move(layer), {random_type(rng, {size})}});
    }
    return out;
}

}  // namespace gatewright::layers
