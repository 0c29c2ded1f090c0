// SPDX-License-Identifier: Apache-2.0
#include "arch/folding.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "arch/step_program.h"
#include "support/check.h"

namespace gatewright::arch {

using fixed::Format;
using fixed::Integer;
using fixed::Interval;

namespace {

// The nearest divisors of `count` below and above `wanted`; 0 if there is none.
struct Neighbours {
    std::int64_t below = 0;
    std::int64_t above = 0;
};

Neighbours neighbouring_divisors(std::int64_t count, std::int64_t wanted) {
    Neighbours out;
    const auto consider = [&](std::int64_t divisor) {
        if (divisor <= wanted) out.below = std::max(out.below, divisor);
        if (divisor >= wanted && (out.above == 0 || divisor < out.above)) out.above = divisor;
    };
    for (std::int64_t d = 1; d * d <= count; ++d) {
        if (count % d != 0) continue;
        consider(d);
        consider(count / d);
    }
    return out;
}

Folding split(std::int64_t inputs, std::int64_t reuse) {
    Folding folding;
    folding.slices = std::gcd(reuse, inputs);
    folding.groups = reuse / folding.slices;
    return folding;
}

}  // namespace

Result<Folding> choose_folding(std::size_t inputs, std::size_t outputs, std::int64_t reuse,
                               ReuseRounding rounding) {
    const auto rows = static_cast<std::int64_t>(inputs);
    const std::int64_t products = rows * static_cast<std::int64_t>(outputs);
    if (reuse < 1) {
        return fail(fmt::format("reuse factor {}: expected 1 or more", reuse));
    }
    if (products % reuse == 0) return split(rows, reuse);
    const Neighbours near = neighbouring_divisors(products, reuse);
    if (rounding == ReuseRounding::kNearest) {
        const bool up = near.above != 0 && near.above - reuse < reuse - near.below;
        return split(rows, up ? near.above : near.below);
    }
    return fail(fmt::format(
        "reuse factor {} does not divide its {} x {} = {} products; the nearest that do: {}{}",
        reuse, inputs, outputs, products, near.below,
        near.above == 0 ? std::string() : fmt::format(" and {}", near.above)));
}

namespace {

std::vector<FoldedHead::Step> steps_in_order(const Folding& folding) {
    std::vector<FoldedHead::Step> steps;
    const bool outputs_outer = folding.order == Folding::Order::kByOutput;
    const std::int64_t outer = outputs_outer ? folding.groups : folding.slices;
    const std::int64_t inner = outputs_outer ? folding.slices : folding.groups;
    for (std::int64_t a = 0; a < outer; ++a) {
        for (std::int64_t b = 0; b < inner; ++b) {
            const std::int64_t slice = outputs_outer ? b : a;
            const std::int64_t group = outputs_outer ? a : b;
            steps.push_back({slice, group, slice == 0, slice + 1 == folding.slices});
        }
    }
    return steps;
}

std::int64_t weight_at(const LinearHead& head, const FoldedHead& folded,
                       const FoldedHead::Step& step, std::size_t lane_input,
                       std::size_t lane_output) {
    const std::size_t row = static_cast<std::size_t>(step.slice) * folded.lane_inputs + lane_input;
    const std::size_t column =
        static_cast<std::size_t>(step.group) * folded.lane_outputs + lane_output;
    return head.weights[row * head.outputs + column];
}

bool is_zero_or_power_of_two(std::int64_t code) {
    const std::uint64_t magnitude =
        code < 0 ? ~static_cast<std::uint64_t>(code) + 1U : static_cast<std::uint64_t>(code);
    return (magnitude & (magnitude - 1U)) == 0;
}

// Sorts a lane's weight into the program or into memory.
void place_weight(const LinearHead& head, WeightStore store, std::size_t lane, FoldedHead& folded,
                  std::vector<LaneWeight>& lanes) {
    const std::size_t i = lane / folded.lane_outputs;
    const std::size_t j = lane % folded.lane_outputs;
    Format format = head.weight_format;
    if (store == WeightStore::kConstant) {
        std::int64_t lo = weight_at(head, folded, folded.steps[0], i, j);
        std::int64_t hi = lo;
        for (const FoldedHead::Step& step : folded.steps) {
            const std::int64_t code = weight_at(head, folded, step, i, j);
            lo = std::min(lo, code);
            hi = std::max(hi, code);
        }
        if (lo == hi && is_zero_or_power_of_two(lo)) {
            lanes.push_back({.constant = lo, .format = {}});
            return;
        }
        format = format_of(Interval{lo, hi, head.weight_format.frac});
    }
    lanes.push_back({.constant = std::nullopt, .format = format});
    folded.stored.push_back(lane);
    folded.weight_formats.push_back(format);
}

Format hull_format(const Format& a, const Format& b) {
    if (a.width == 0) return b;
    if (b.width == 0) return a;
    return format_of(hull(Interval::of(a), Interval::of(b)));
}

Format accumulator_format(const LinearHead& head) {
    Format widest{true, 1, head.sums.empty() ? 0 : head.sums[0].frac};
    for (const Format& sum : head.sums) {
        GW_CHECK(sum.frac == widest.frac, "sums of a head on different grids");
        widest.width = std::max(widest.width, sum.width + (sum.is_signed ? 0 : 1));
    }
    return widest;
}

}  // namespace

int FoldedHead::weight_word_width() const {
    int width = 0;
    for (const Format& format : weight_formats) width += format.width;
    return width;
}

FoldedHead fold(const LinearHead& head, const Folding& folding) {
    FoldedHead folded;
    const auto slices = static_cast<std::size_t>(folding.slices);
    const auto groups = static_cast<std::size_t>(folding.groups);
    GW_CHECK(head.inputs % slices == 0 && head.outputs % groups == 0, "illegal folding");
    folded.lane_inputs = head.inputs / slices;
    folded.lane_outputs = head.outputs / groups;
    folded.steps = steps_in_order(folding);
    folded.lane_formats.resize(folded.lane_inputs);
    for (std::size_t i = 0; i < head.inputs; ++i) {
        Format& lane = folded.lane_formats[i % folded.lane_inputs];
        lane = hull_format(lane, head.input_formats[i]);
    }
    std::vector<LaneWeight> lanes;
    for (std::size_t lane = 0; lane < folded.lane_inputs * folded.lane_outputs; ++lane) {
        place_weight(head, folding.store, lane, folded, lanes);
    }
    for (const FoldedHead::Step& step : folded.steps) {
        std::vector<std::int64_t>& word = folded.weights.emplace_back();
        for (const std::size_t lane : folded.stored) {
            word.push_back(weight_at(head, folded, step, lane / folded.lane_outputs,
                                     lane % folded.lane_outputs));
        }
    }
    folded.accumulator = accumulator_format(head);
    folded.step = step_program({.inputs = folded.lane_formats,
                                .outputs = folded.lane_outputs,
                                .weights = lanes,
                                .weight_frac = head.weight_format.frac},
                               folding.multipliers);
    return folded;
}

std::vector<Integer> evaluate_head(const LinearHead& head, std::span<const Integer> inputs) {
    std::vector<Integer> sums;
    for (std::size_t j = 0; j < head.outputs; ++j) {
        const int frac = head.sums[j].frac;
        Integer sum = Integer(head.bias[j]) << (frac - head.bias_format.frac);
        for (std::size_t i = 0; i < head.inputs; ++i) {
            const std::int64_t weight = head.weights[i * head.outputs + j];
            if (weight == 0) continue;
            sum += (inputs[i] * Integer(weight))
                   << (frac - head.input_formats[i].frac - head.weight_format.frac);
        }
        sums.push_back(std::move(sum));
    }
    return sums;
}

}  // namespace gatewright::arch
