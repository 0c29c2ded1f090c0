// SPDX-License-Identifier: Apache-2.0
#include "layers/tables.h"

#include <fmt/format.h>

#include <cstdlib>

namespace gatewright::layers {

using dfg::ValueId;
using fixed::Dyadic;
using fixed::Integer;
using fixed::Interval;

Status expect_tabulable(const Interval& input, std::string_view what) {
    constexpr int kMaxIndexBits = 20;
    constexpr int kMaxScale = 300;
    const fixed::Format format = format_of(input);
    if (format.width > kMaxIndexBits) {
        return fail(fmt::format(
            "{} has {} bits, and a table over all its codes has 2^{} entries; at most {} bits "
            "are supported. Put a 'quantize' layer before, or give the type to cast it to",
            what, format.width, format.width, kMaxIndexBits));
    }
    if (std::abs(format.frac) > kMaxScale) {
        return fail(fmt::format("{} has {} fraction bits; tables take -{} to {}", what, format.frac,
                                kMaxScale, kMaxScale));
    }
    return {};
}

namespace {

// The codes at `frac` fraction bits that lie in both intervals; the first is on that grid.
Interval common_codes(const Interval& codes, const Interval& known) {
    const int shift = codes.frac - known.frac;
    const Integer lo = shift >= 0 ? known.lo << shift : -((-known.lo) >> -shift);
    const Integer hi = known.hi << shift;
    const Interval out{max(codes.lo, lo), min(codes.hi, hi), codes.frac};
    return out.lo <= out.hi ? out : codes;
}

}  // namespace

TableEmitter::TableEmitter(dfg::Builder& builder, std::string name, CodeOf code_of, int frac)
    : builder_(builder), name_(std::move(name)), code_of_(std::move(code_of)), frac_(frac) {}

ValueId TableEmitter::emit(ValueId x, const Interval& reachable) {
    const fixed::Format format = builder_[x].format;
    const Interval codes = common_codes(builder_[x].range, reachable);
    if (codes.is_constant()) return builder_.constant(Dyadic(code_of_(codes.min()), -frac_));
    const Key key{format.is_signed, format.width, format.frac, codes.lo.to_string(),
                  codes.hi.to_string()};
    const auto [slot, is_new] = tables_.try_emplace(key);
    if (is_new) {
        const std::int64_t lo = codes.lo.to_int64().value();
        const std::int64_t hi = codes.hi.to_int64().value();
        std::vector<Integer> reached;
        for (std::int64_t code = lo; code <= hi; ++code) {
            reached.push_back(code_of_(Dyadic(Integer(code), -format.frac)));
        }
        const std::int64_t size = std::int64_t{1} << format.width;
        for (std::int64_t index = 0; index < size; ++index) {
            const std::int64_t code = format.is_signed && index >= size / 2 ? index - size : index;
            const std::int64_t nearest = std::min(std::max(code, lo), hi);
            slot->second.push_back(reached[static_cast<std::size_t>(nearest - lo)]);
        }
    }
    return builder_.table(x, name_, slot->second, frac_);
}

const Interval& TableRanges::of(const Interval& input) {
    const auto [slot, is_new] =
        ranges_.try_emplace({input.lo.to_string(), input.hi.to_string(), input.frac});
    if (is_new) {
        const Integer first = code_of_(input.min());
        Interval range{first, first, frac_};
        for (Integer code = input.lo + 1; code <= input.hi; code += 1) {
            const Integer result = code_of_(Dyadic(code, -input.frac));
            if (result < range.lo) range.lo = result;
            if (result > range.hi) range.hi = result;
        }
        slot->second = range;
    }
    return slot->second;
}

ValueId narrowed(dfg::Builder& builder, ValueId x, const Interval& known) {
    const dfg::Node& node = builder[x];
    if (known.frac > node.format.frac) return x;
    const fixed::Format format = format_of(on_grid(known, node.format.frac));
    const bool is_narrower =
        format.width < node.format.width ||
        (format.width == node.format.width && format.is_signed != node.format.is_signed);
    return is_narrower ? builder.slice(x, 0, format) : x;
}

}  // namespace gatewright::layers
