// SPDX-License-Identifier: Apache-2.0
#include "layers/sign.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/example_types.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

namespace {

// Can the element be on each side? Decides which results occur at all.
struct Sides {
    bool positive = false;
    bool middle = false;
    bool negative = false;
};

Sides sides_of(const Interval& range, const Sign& sign) {
    const auto above = [&](const Dyadic& x) {
        return x > sign.threshold || (sign.positive_at_threshold && x == sign.threshold);
    };
    const auto below = [&](const Dyadic& x) {
        if (!sign.ternary) return !above(x);
        if (above(x)) return false;
        return x < -sign.threshold || (sign.negative_at_threshold && x == -sign.threshold);
    };
    Sides sides;
    sides.positive = above(range.max());
    sides.negative = below(range.min());
    sides.middle = sign.ternary && !below(range.max()) && !above(range.min());
    return sides;
}

int classify(double x, double threshold, const Sign& sign) {
    if (x > threshold || (sign.positive_at_threshold && x == threshold)) return 1;
    if (!sign.ternary) return sign.zero_one ? 0 : -1;
    return x < -threshold || (sign.negative_at_threshold && x == -threshold) ? -1 : 0;
}

}  // namespace

Result<TensorType> Sign::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    if (ternary && threshold.sign() < 0)
        return fail("a ternary sign needs a threshold that is not negative");
    if (ternary && zero_one)
        return fail("zero_one is for binary signs; a ternary one has -1, 0 and 1");
    TensorType out = inputs[0];
    for (Interval& range : out.elements) {
        const Sides sides = sides_of(range, *this);
        const int low = zero_one ? 0 : -1;
        const int lo = sides.negative ? low : (sides.middle ? 0 : 1);
        const int hi = sides.positive ? 1 : (sides.middle ? 0 : low);
        // Between -1 and +1 of a ternary sign lies 0 even if the range steps over it.
        range = {lo, hi, 0};
    }
    return out;
}

Values Sign::reference(std::span<const Values> inputs) const {
    Values y = inputs[0];
    for (Dyadic& value : y.data) {
        const Dyadic x = value;
        value = ternary ? 0 : (zero_one ? 0 : -1);
        if (ternary && (negative_at_threshold ? x <= -threshold : x < -threshold)) value = -1;
        if (positive_at_threshold ? x >= threshold : x > threshold) value = 1;
    }
    return y;
}

Reals Sign::real(std::span<const Reals> inputs) const {
    Reals y = inputs[0];
    for (double& value : y.data) value = classify(value, threshold.to_double(), *this);
    return y;
}

std::vector<dfg::ValueId> Sign::lower(model::Lowering& lowering,
                                      std::span<const Operand> inputs) const {
    dfg::Builder& b = lowering.builder;
    const dfg::ValueId one = b.constant(1);
    const dfg::ValueId top = b.constant(threshold);
    const dfg::ValueId bottom = b.constant(-threshold);
    std::vector<dfg::ValueId> y;
    for (const dfg::ValueId x : inputs[0].values) {
        const dfg::ValueId positive = positive_at_threshold ? b.less_equal(top, x) : b.less(top, x);
        dfg::ValueId otherwise = b.constant(zero_one ? 0 : -1);
        if (ternary) {
            const dfg::ValueId negative =
                negative_at_threshold ? b.less_equal(x, bottom) : b.less(x, bottom);
            otherwise = b.select(negative, b.constant(-1), b.constant(0));
        }
        y.push_back(b.select(positive, one, otherwise));
    }
    return y;
}

std::string Sign::summary() const {
    return fmt::format("{}, threshold {}", ternary ? "ternary" : "binary", threshold.to_double());
}

std::vector<model::Example> Sign::examples(Rng& rng) {
    std::vector<model::Example> out;
    for (unsigned options = 0; options < 16; ++options) {
        auto layer = std::make_unique<Sign>();
        layer->ternary = (options & 1U) != 0;
        layer->positive_at_threshold = (options & 2U) != 0;
        layer->negative_at_threshold = (options & 4U) != 0;
        layer->zero_one = !layer->ternary && (options & 8U) != 0;
        if (options >= 4) layer->threshold = Dyadic(fixed::Integer(rng.between(0, 5)), -1);
        TensorType x = random_type(rng, {2, 2});
        x.elements[0] = Interval::of({true, 3, 1});  // steps of one half: hits the threshold
        x.elements[1] = Interval::of({true, 4, 1});
        out.push_back({std::move(layer), {std::move(x)}});
    }
    return out;
}

}  // namespace gatewright::layers
