// SPDX-License-Identifier: Apache-2.0
#include "arch/linear_head.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/check.h"

namespace gatewright::arch {

using fixed::Dyadic;
using fixed::Format;
using fixed::Integer;
using fixed::Interval;

namespace {

struct Codes {
    Format format;
    std::vector<std::int64_t> codes;
};

// The numbers as codes of one format: the narrowest for constants, for loadable ones signed and at
// least `least_bits` wide without the sign.
Result<Codes> as_codes(std::span<const Dyadic> numbers, WeightStore store, std::int64_t least_bits,
                       std::string_view what) {
    Codes out;
    int frac = 0;
    bool any = false;
    for (const Dyadic& number : numbers) {
        if (number.is_zero()) continue;
        frac = any ? std::max(frac, number.frac()) : number.frac();
        any = true;
    }
    Interval hull{0, 0, frac};
    for (const Dyadic& number : numbers) {
        const Integer code = number.is_zero() ? Integer(0) : number.code_at(frac);
        hull.lo = fixed::min(hull.lo, code);
        hull.hi = fixed::max(hull.hi, code);
        const auto small = code.to_int64();
        if (!small) {
            return fail(
                fmt::format("its {} do not fit 63 bits on a common grid; quantize them", what));
        }
        out.codes.push_back(*small);
    }
    out.format = format_of(hull);
    if (store == WeightStore::kLoadable && !numbers.empty()) {
        const auto bits = static_cast<int>(std::min<std::int64_t>(least_bits, 62));
        out.format = {true, std::max({out.format.magnitude_bits(), bits, 1}) + 1, frac};
    }
    return out;
}

// Products and biases in units of 2^-frac of the sums.
int common_frac(const LinearHead& head) {
    std::optional<int> input_frac;
    for (const Format& format : head.input_formats) {
        if (format.width > 0) input_frac = std::max(input_frac.value_or(format.frac), format.frac);
    }
    int frac = input_frac.value_or(0) + head.weight_format.frac;
    if (head.bias_format.width > 0) frac = std::max(frac, head.bias_format.frac);
    return frac;
}

void set_sums(LinearHead& head, std::span<const HeadInput> inputs, WeightStore store) {
    std::vector<Interval> ranges;
    for (const HeadInput& input : inputs) ranges.push_back(input.range);
    const Format unit{false, 0, common_frac(head)};
    head.sums.assign(head.outputs, unit);
    for (std::size_t j = 0; j < head.outputs; ++j) {
        const Interval range = sum_range(head, ranges, j, store);
        head.sum_ranges.push_back(range);
        head.sums[j] = format_of(range);
    }
}

}  // namespace

Interval sum_range(const LinearHead& head, std::span<const Interval> inputs, std::size_t j,
                   WeightStore store) {
    const int frac = head.sums[j].frac;
    const bool any_weight = store == WeightStore::kLoadable;
    const Integer bias(head.bias[j]);
    Interval sum{bias, bias, head.bias_format.frac};
    if (any_weight) sum = Interval::of(head.bias_format);
    sum = {sum.lo << (frac - sum.frac), sum.hi << (frac - sum.frac), frac};
    const Interval all = Interval::of(head.weight_format);
    for (std::size_t i = 0; i < head.inputs; ++i) {
        const Interval& x = inputs[i];
        if (x.lo.is_zero() && x.hi.is_zero()) continue;
        const int shift = frac - x.frac - head.weight_format.frac;
        if (any_weight) {
            const Interval product = x * all;
            sum.lo += product.lo << shift;
            sum.hi += product.hi << shift;
            continue;
        }
        const std::int64_t weight = head.weights[i * head.outputs + j];
        if (weight == 0) continue;
        const Integer code(weight);
        sum.lo += ((weight > 0 ? x.lo : x.hi) * code) << shift;
        sum.hi += ((weight > 0 ? x.hi : x.lo) * code) << shift;
    }
    return sum;
}

Result<LinearHead> dense_head(const layers::Dense& dense, std::span<const HeadInput> inputs,
                              WeightStore store) {
    LinearHead head;
    head.inputs = static_cast<std::size_t>(dense.kernel.shape[0]);
    head.outputs = static_cast<std::size_t>(dense.kernel.shape[1]);
    GW_CHECK(inputs.size() == head.inputs, "head with inputs of another layer");
    for (const HeadInput& input : inputs) head.input_formats.push_back(input.format);
    const auto most = [](const std::vector<std::int64_t>& bits) {
        return bits.empty() ? 0 : *std::max_element(bits.begin(), bits.end());
    };
    GW_TRY(Codes weights, as_codes(dense.kernel.data, store, most(dense.kernel_bits), "weights"));
    GW_TRY(Codes bias, as_codes(dense.bias, store, most(dense.bias_bits), "biases"));
    bias.codes.resize(head.outputs);
    head.weight_format = weights.format;
    head.weights = std::move(weights.codes);
    head.bias_format = bias.format;
    head.bias = std::move(bias.codes);
    set_sums(head, inputs, store);
    return head;
}

LinearHead sum_head(const layers::AverageTaps& sum, std::span<const HeadInput> inputs) {
    LinearHead head;
    head.inputs = inputs.size();
    head.outputs = static_cast<std::size_t>(sum.channels);
    for (const HeadInput& input : inputs) head.input_formats.push_back(input.format);
    head.weight_format = {false, 1, 0};
    head.weights.assign(head.inputs * head.outputs, 0);
    head.bias.assign(head.outputs, 0);
    const std::size_t taps = head.inputs / head.outputs;
    for (std::size_t tap = 0; tap < taps; ++tap) {
        const bool takes_part =
            sum.taps.empty() || std::find(sum.taps.begin(), sum.taps.end(),
                                          static_cast<std::int64_t>(tap)) != sum.taps.end();
        if (!takes_part) continue;
        for (std::size_t c = 0; c < head.outputs; ++c) {
            head.weights[(tap * head.outputs + c) * head.outputs + c] = 1;
        }
    }
    set_sums(head, inputs, WeightStore::kConstant);
    return head;
}

}  // namespace gatewright::arch
