// SPDX-License-Identifier: Apache-2.0
#include "arch/step_program.h"

#include <algorithm>

#include "dfg/builder.h"
#include "layers/emit.h"
#include "support/check.h"

namespace gatewright::arch {
namespace {

using dfg::ValueId;
using fixed::Format;
using fixed::Interval;

// Ports of a DSP48E2's multiplier: 27 and 18 bits, both signed.
constexpr int kWideFactorBits = 27;
constexpr int kNarrowFactorBits = 18;

// Bits of the two's-complement code of every value in the range, at `frac` fraction bits.
int signed_bits(const Interval& range, int frac) {
    const Interval aligned = on_grid(range, frac);
    return std::max(aligned.lo.magnitude_bits(), aligned.hi.magnitude_bits()) + 1;
}

class StepBuilder {
  public:
    explicit StepBuilder(const StepShape& shape) : shape_(shape), builder_("step") {
        for (const Format& format : shape.inputs) inputs_.push_back(builder_.input(format));
        for (const LaneWeight& weight : shape.weights) {
            weights_.push_back(weight.constant ? ValueId() : builder_.input(weight.format));
        }
    }

    dfg::Program build(Multipliers multipliers) {
        std::vector<ValueId> sums(shape_.outputs);
        for (std::size_t j = 0; j < shape_.outputs; ++j) {
            const bool has_neighbour = j + 1 < shape_.outputs;
            if (multipliers == Multipliers::kDsp && has_neighbour && add_packed(j, sums)) {
                ++j;
                continue;
            }
            sums[j] = sum_of(j, {});
        }
        for (const ValueId sum : sums) builder_.output(sum);
        return std::move(builder_).finish();
    }

  private:
    [[nodiscard]] const LaneWeight& weight(std::size_t i, std::size_t j) const {
        return shape_.weights[i * shape_.outputs + j];
    }
    [[nodiscard]] ValueId weight_value(std::size_t i, std::size_t j) const {
        return weights_[i * shape_.outputs + j];
    }
    [[nodiscard]] const Interval& range(ValueId value) const { return builder_[value].range; }

    ValueId product(std::size_t i, std::size_t j) {
        const LaneWeight& lane = weight(i, j);
        if (!lane.constant) return builder_.mul(inputs_[i], weight_value(i, j));
        if (*lane.constant == 0) return builder_.constant(0);
        const fixed::Dyadic factor(*lane.constant, -shape_.weight_frac);
        const ValueId scaled = builder_.scaled(inputs_[i], factor.exponent());
        return factor.sign() < 0 ? builder_.negate(scaled) : scaled;
    }

    ValueId tree(std::vector<ValueId> terms) {
        if (terms.empty()) return builder_.constant(0);
        return layers::balanced_tree(std::move(terms),
                                     [&](ValueId a, ValueId b) { return builder_.add(a, b); });
    }

    // The partial sum of output j without the lane inputs in `done`.
    ValueId sum_of(std::size_t j, const std::vector<bool>& done) {
        std::vector<ValueId> terms;
        for (std::size_t i = 0; i < shape_.inputs.size(); ++i) {
            if (!done.empty() && done[i]) continue;
            if (weight(i, j).constant == 0) continue;
            terms.push_back(product(i, j));
        }
        return tree(std::move(terms));
    }

    // Range and grid of the sum of some products of output j.
    Interval sum_range(std::size_t j, const std::vector<std::size_t>& lanes) {
        Interval sum = range(inputs_[lanes[0]]) * range(weight_value(lanes[0], j));
        for (std::size_t n = 1; n < lanes.size(); ++n) {
            sum = sum + range(inputs_[lanes[n]]) * range(weight_value(lanes[n], j));
        }
        return sum;
    }

    // Whether the lanes' packed factors w_a·2^k + w_b, and their inputs, fit one multiplier each.
    bool fits(std::size_t j, const std::vector<std::size_t>& lanes, int k) {
        return std::all_of(lanes.begin(), lanes.end(), [&](std::size_t i) {
            const Interval high = range(weight_value(i, j + 1));
            const Interval shifted{high.lo, high.hi, high.frac - k};
            const Interval factor = shifted + range(weight_value(i, j));
            return signed_bits(factor, shape_.weight_frac) <= kWideFactorBits &&
                   signed_bits(range(inputs_[i]), shape_.inputs[i].frac) <= kNarrowFactorBits;
        });
    }

    // Sums of the lanes' products for outputs j and j + 1, two products per multiplication; nullopt
    // if they do not fit.
    struct Pair {
        ValueId low;
        ValueId high;
    };
    std::optional<Pair> packed_sums(std::size_t j, const std::vector<std::size_t>& lanes) {
        const Interval low_range = sum_range(j, lanes);
        const Interval high_range = sum_range(j + 1, lanes);
        const int frac = std::max(low_range.frac, high_range.frac);
        const int k = std::max(1, signed_bits(low_range, frac));
        if (!fits(j, lanes, k)) return std::nullopt;
        std::vector<ValueId> products;
        for (const std::size_t i : lanes) {
            const ValueId factor = builder_.add(weight_value(i, j), weight_value(i, j + 1), k);
            products.push_back(builder_.mul(factor, inputs_[i]));
        }
        const ValueId both = tree(std::move(products));
        const int both_width = builder_[both].format.width;
        const bool both_signed = builder_[both].format.is_signed;
        const int both_frac = builder_[both].format.frac;
        GW_CHECK(both_frac == frac && both_width > k, "packed products on another grid");
        const Format low_format{low_range.lo.sign() < 0, k - (low_range.lo.sign() < 0 ? 0 : 1),
                                frac};
        const ValueId low = builder_.slice(both, 0, low_format);
        ValueId high = builder_.slice(both, k, {both_signed, both_width - k, frac});
        if (low_format.is_signed) {
            high = builder_.add(high, builder_.slice(both, k - 1, {false, 1, frac}));
        }
        return Pair{narrowed(low, low_range), narrowed(high, high_range)};
    }

    // The value is known to lie in the range: the bits above say nothing.
    ValueId narrowed(ValueId value, const Interval& known) {
        const Format format = format_of(on_grid(known, builder_[value].format.frac));
        return builder_.cast(value, {.format = format});
    }

    // Outputs j and j + 1 with packed multiplications, whole sums where they fit, else product by
    // product; false if no product can be packed.
    bool add_packed(std::size_t j, std::vector<ValueId>& sums) {
        std::vector<std::size_t> lanes;
        for (std::size_t i = 0; i < shape_.inputs.size(); ++i) {
            const bool products = !weight(i, j).constant && !weight(i, j + 1).constant &&
                                  shape_.inputs[i].width > 0 &&
                                  !range(weight_value(i, j)).is_constant() &&
                                  !range(weight_value(i, j + 1)).is_constant();
            if (products) lanes.push_back(i);
        }
        if (lanes.empty()) return false;
        std::vector<bool> done(shape_.inputs.size(), false);
        std::vector<ValueId> low;
        std::vector<ValueId> high;
        const auto take = [&](const std::vector<std::size_t>& group) {
            const auto pair = packed_sums(j, group);
            if (!pair) return false;
            low.push_back(pair->low);
            high.push_back(pair->high);
            for (const std::size_t i : group) done[i] = true;
            return true;
        };
        if (!take(lanes)) {
            for (const std::size_t i : lanes) take({i});
        }
        if (low.empty()) return false;
        low.push_back(sum_of(j, done));
        high.push_back(sum_of(j + 1, done));
        sums[j] = tree(std::move(low));
        sums[j + 1] = tree(std::move(high));
        return true;
    }

    const StepShape& shape_;
    dfg::Builder builder_;
    std::vector<ValueId> inputs_;
    std::vector<ValueId> weights_;
};

}  // namespace

dfg::Program step_program(const StepShape& shape, Multipliers multipliers) {
    return StepBuilder(shape).build(multipliers);
}

}  // namespace gatewright::arch
