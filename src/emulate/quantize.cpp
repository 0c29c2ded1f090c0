// SPDX-License-Identifier: Apache-2.0
#include "emulate/quantize.h"

#include <algorithm>

#include "fixed/convert.h"
#include "support/check.h"

namespace gatewright::emulate {
namespace {

using dfg::Node;
using dfg::Op;
using fixed::Integer;

int signed_bits(const Integer& lo, const Integer& hi) {
    return std::max(lo.magnitude_bits(), hi.magnitude_bits()) + 1;
}

// The constant that turns truncation into the rounding mode; nullopt for modes that need the sign.
std::optional<Integer> rounding_bias(fixed::Round mode, int drop) {
    switch (mode) {
        case fixed::Round::kTrn:
            return Integer(0);
        case fixed::Round::kRnd:
            return Integer::power_of_two(drop - 1);
        case fixed::Round::kRndMinInf:
        case fixed::Round::kRndConv:
            return Integer::power_of_two(drop - 1) - 1;
        case fixed::Round::kTrnZero:
        case fixed::Round::kRndZero:
        case fixed::Round::kRndInf:
            return std::nullopt;
    }
    GW_UNREACHABLE("rounding mode");
}

// How the rounded codes [lo, hi] are brought into the format; false if no simple way does.
bool set_finish(Quantize& out, const Node& node, const Integer& lo, const Integer& hi) {
    const fixed::Format& format = node.format;
    const bool symmetric = node.overflow == fixed::Overflow::kSatSym && format.is_signed;
    const bool inside = format.holds(lo) && format.holds(hi);
    if (inside && !(symmetric && lo < -format.max_code())) return true;
    const bool wraps = node.op == Op::kSlice ||
                       (node.overflow == fixed::Overflow::kWrap && node.saturation_bits == 0);
    if (wraps) {
        out.finish = Finish::kWrap;
        return true;
    }
    const bool clamps = symmetric || node.overflow == fixed::Overflow::kSat ||
                        (node.overflow == fixed::Overflow::kSatSym && !format.is_signed);
    if (!clamps || format.width == 0) return false;
    out.finish = Finish::kClamp;
    const auto bottom = (symmetric ? -format.max_code() : format.min_code()).to_int64();
    const auto top = format.max_code().to_int64();
    if (!bottom || !top) return false;
    out.lo = *bottom;
    out.hi = *top;
    out.clamps_low = lo < Integer(out.lo);
    out.clamps_high = hi > Integer(out.hi);
    return true;
}

}  // namespace

std::optional<Quantize> quantize_of(const dfg::Program& program, const Ranges& ranges,
                                    const Node& node) {
    Quantize out;
    const fixed::Interval& x = ranges.of(node.args[0]);
    const bool is_slice = node.op == Op::kSlice;
    const fixed::Round mode = is_slice ? fixed::Round::kTrn : node.round;
    out.drop = is_slice ? node.shift : program[node.args[0]].format.frac - node.format.frac;
    if (out.drop > 60 || out.drop < -62 || node.format.width > 63) return std::nullopt;
    Integer low = x.lo;
    Integer high = x.hi;
    if (out.drop > 0) {
        const auto bias = rounding_bias(mode, out.drop);
        if (!bias) return std::nullopt;
        out.bias = *bias->to_int64();
        out.to_even = mode == fixed::Round::kRndConv;
        high = high + *bias + (out.to_even ? 1 : 0);
        low = low + *bias;
    }
    const Integer rounded_low = fixed::round_code(x.lo, out.drop, mode);
    const Integer rounded_high = fixed::round_code(x.hi, out.drop, mode);
    out.work_bits = std::max(signed_bits(low, high), signed_bits(x.lo, x.hi));
    out.work_bits = std::max(out.work_bits, signed_bits(rounded_low, rounded_high));
    if (!set_finish(out, node, rounded_low, rounded_high)) return std::nullopt;
    if (out.finish == Finish::kClamp)
        out.work_bits = std::max(out.work_bits, signed_bits(out.lo, out.hi));
    if (out.work_bits > 64) return std::nullopt;
    return out;
}

}  // namespace gatewright::emulate
