// SPDX-License-Identifier: Apache-2.0
#include "cmvm/construction.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "support/check.h"

namespace gatewright::cmvm {

using fixed::Interval;

namespace {

// Smallest k with magnitude < 2^k (kBelow) or magnitude <= 2^k (kUpTo); magnitude > 0.
enum class Bound : std::uint8_t { kBelow, kUpTo };
int exponent_above(double magnitude, Bound bound) {
    constexpr int kBias = 1023;
    constexpr std::uint64_t kMantissa = (std::uint64_t{1} << 52U) - 1;
    const auto bits = std::bit_cast<std::uint64_t>(magnitude);
    const int exponent = static_cast<int>(bits >> 52U & 0x7FFU) - kBias;
    return exponent + (bound == Bound::kUpTo && (bits & kMantissa) == 0 ? 0 : 1);
}

// Within what products and sums of a graph cannot carry out of double's range.
double to_real(const fixed::Integer& code, int frac) {
    constexpr double kLargest = 0x1p600;
    return std::clamp(std::ldexp(code.to_double(), -frac), -kLargest, kLargest);
}

}  // namespace

int highest_bit(const RealRange& range, int lowest) {
    if (range.lo >= 0) return range.hi > 0 ? exponent_above(range.hi, Bound::kBelow) : lowest;
    int top = exponent_above(-range.lo, Bound::kUpTo);
    if (range.hi > 0) top = std::max(top, exponent_above(range.hi, Bound::kBelow));
    return std::max(top, lowest) + 1;
}

Construction::Construction(std::span<const Interval> ranges, std::span<const int> arrival) {
    GW_CHECK(arrival.empty() || arrival.size() == ranges.size(), "one arrival per input");
    constexpr std::size_t kMostInputs = 512;
    graph.inputs = ranges.size();
    keeps_forms_ = ranges.size() <= kMostInputs;
    if (keeps_forms_) forms_.assign(ranges.size() * ranges.size(), 0.0);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        const Interval& range = ranges[i];
        const RealRange real{to_real(range.lo, range.frac), to_real(range.hi, range.frac)};
        inputs_.push_back(real);
        input_lowest_.push_back(-range.frac);
        const int depth = arrival.empty() ? 0 : arrival[i];
        values_.push_back({depth, -range.frac, highest_bit(real, -range.frac), real});
        if (keeps_forms_) forms_[i * ranges.size() + i] = 1;
    }
}

RealRange Construction::range_of_form(std::span<const double> form) const {
    RealRange out;
    for (std::size_t i = 0; i < form.size(); ++i) {
        const double a = form[i] * inputs_[i].lo;
        const double b = form[i] * inputs_[i].hi;
        out.lo += std::min(a, b);
        out.hi += std::max(a, b);
    }
    return out;
}

int Construction::lowest_bit_of(std::span<const double> form, int at_least) const {
    constexpr double kExact = 0x1p53;
    int lowest = 1 << 20;
    for (std::size_t i = 0; i < form.size(); ++i) {
        if (form[i] == 0) continue;
        if (std::abs(form[i]) >= kExact) return at_least;
        const auto coefficient = static_cast<std::int64_t>(form[i]);
        lowest = std::min(
            lowest, input_lowest_[i] + std::countr_zero(static_cast<std::uint64_t>(coefficient)));
    }
    return lowest == 1 << 20 ? at_least : lowest;
}

std::span<const double> Construction::append_form(const AdderNode& node, double scale_a,
                                                  double scale_b) {
    const std::size_t columns = inputs_.size();
    forms_.resize(forms_.size() + columns);
    double* const sum = forms_.data() + values_.size() * columns;
    const double* const first = form(node.a).data();
    const double* const second = form(node.b).data();
    for (std::size_t i = 0; i < columns; ++i) sum[i] = first[i] * scale_a + second[i] * scale_b;
    return {sum, columns};
}

std::int32_t Construction::append(const AdderNode& node) {
    const Value a = value(node.a);
    const Value b = value(node.b);
    const int low_a = a.lowest_bit + node.shift_a;
    const int low_b = b.lowest_bit + node.shift_b;
    Value made;
    made.depth = 1 + std::max(a.depth, b.depth);
    made.lowest_bit = std::min(low_a, low_b);
    const double scale_a = std::ldexp(1.0, node.shift_a);
    const double scale_b = std::ldexp(node.subtract ? -1.0 : 1.0, node.shift_b);
    if (keeps_forms_) {
        const std::span<const double> sum = append_form(node, scale_a, scale_b);
        made.range = range_of_form(sum);
        if (low_a == low_b) made.lowest_bit = lowest_bit_of(sum, made.lowest_bit);
    } else {
        const double x = b.range.lo * scale_b;
        const double y = b.range.hi * scale_b;
        made.range = {a.range.lo * scale_a + std::min(x, y), a.range.hi * scale_a + std::max(x, y)};
    }
    made.highest_bit = highest_bit(made.range, made.lowest_bit);
    cells_ += adder_cells(made.highest_bit, low_a, low_b, node.subtract);
    values_.push_back(made);
    graph.nodes.push_back(node);
    return size() - 1;
}

int Construction::negation_cells(std::int32_t id) const {
    const Value& v = value(id);
    return highest_bit({-v.range.hi, -v.range.lo}, v.lowest_bit) - v.lowest_bit;
}

}  // namespace gatewright::cmvm
