// SPDX-License-Identifier: Apache-2.0
#include "runtime/port_codes.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "fixed/convert.h"
#include "fixed/dyadic.h"

namespace gatewright::runtime {
namespace {

constexpr int kMostSimpleBits = 62;
constexpr int kMostExponent = 500;  // 2^±500 and its inverse are normal doubles

// Whether floor(x) is moved up by one, from the fraction x - floor(x).
bool rounds_up(double fraction, std::int64_t floor, fixed::Round mode) {
    switch (mode) {
        case fixed::Round::kTrn:
            return false;
        case fixed::Round::kTrnZero:
            return floor < 0 && fraction > 0;
        case fixed::Round::kRnd:
            return fraction >= 0.5;
        case fixed::Round::kRndZero:
            return fraction > 0.5 || (fraction == 0.5 && floor < 0);
        case fixed::Round::kRndMinInf:
            return fraction > 0.5;
        case fixed::Round::kRndInf:
            return fraction > 0.5 || (fraction == 0.5 && floor >= 0);
        case fixed::Round::kRndConv:
            return fraction > 0.5 || (fraction == 0.5 && (floor & 1) != 0);
    }
    return false;
}

std::int64_t wrapped(std::int64_t code, const fixed::Format& format) {
    const int up = 64 - format.width;
    const auto shifted = static_cast<std::uint64_t>(code) << up;
    if (format.is_signed) return static_cast<std::int64_t>(shifted) >> up;
    return static_cast<std::int64_t>(shifted >> up);
}

std::int64_t exact(double value, const fixed::Cast& cast) {
    return to_exact_code(value, cast).to_int64().value_or(0);
}

// Neither infinite nor NaN, without the library call.
bool is_finite(double value) {
    return std::abs(value) <= DBL_MAX;
}

std::int64_t simple_code(double value, const ElementCast& element) {
    const double scaled = value * element.scale;
    const double size = std::abs(scaled);
    if (size >= 0x1p62 || (size < DBL_MIN && value != 0)) return exact(value, element.cast);
    auto floor = static_cast<std::int64_t>(scaled);
    if (static_cast<double>(floor) > scaled) --floor;
    const double fraction = scaled - static_cast<double>(floor);
    const std::int64_t code = floor + (rounds_up(fraction, floor, element.cast.round) ? 1 : 0);
    if (element.lo <= code && code <= element.hi) return code;
    if (element.cast.overflow == fixed::Overflow::kSat)
        return code < element.lo ? element.lo : element.hi;
    return wrapped(code, element.cast.format);
}

template <class Real>
Real real_of(std::int64_t code, const ElementCast& element) {
    constexpr std::int64_t kExactInDouble = std::int64_t{1} << 53;
    const bool small = -kExactInDouble <= code && code <= kExactInDouble;
    // Beyond, the code itself is rounded once, to the type asked for.
    if (!small || !element.is_simple)
        return std::ldexp(static_cast<Real>(code), -element.cast.format.frac);
    return static_cast<Real>(static_cast<double>(code) / element.scale);
}

ElementCast element_cast(const fixed::Cast& cast) {
    ElementCast element{cast, 1, false, 0, 0};
    const fixed::Format& format = cast.format;
    const bool plain_overflow =
        cast.overflow == fixed::Overflow::kSat ||
        (cast.overflow == fixed::Overflow::kWrap && cast.saturation_bits == 0);
    element.is_simple = plain_overflow && format.width > 0 && format.width <= kMostSimpleBits &&
                        std::abs(format.frac) < kMostExponent;
    if (!element.is_simple) return element;
    element.scale = std::ldexp(1.0, format.frac);
    element.lo = format.min_code().to_int64().value_or(0);
    element.hi = format.max_code().to_int64().value_or(0);
    return element;
}

struct Row {
    const double* scale;
    const double* least;
    const double* most;
    const std::int32_t* low;
    const std::uint32_t* mask;
    std::size_t size;
};

// One event without branches, so that the loop becomes vector instructions. False if some value
// needs the general path: not finite, past 31 bits where it wraps, or too small to be scaled.
template <fixed::Round round, class Real, class Code>
bool cast_row(const Row& row, const Real* values, Code* codes) {
    unsigned odd = 0;
    for (std::size_t i = 0; i < row.size; ++i) {
        const auto value = static_cast<double>(values[i]);
        const double scaled = value * row.scale[i];
        const double size = std::abs(scaled);
        const bool wraps = row.mask[i] != ~0U;
        odd |= static_cast<unsigned>(!(std::abs(value) <= DBL_MAX)) |
               (static_cast<unsigned>(wraps) & static_cast<unsigned>(!(size <= 0x1p31 - 2))) |
               (static_cast<unsigned>(size < DBL_MIN) & static_cast<unsigned>(value != 0));
        double bounded = scaled > row.least[i] ? scaled : row.least[i];  // NaN: the least
        bounded = bounded > row.most[i] ? row.most[i] : bounded;
        const auto toward_zero = static_cast<std::int32_t>(bounded);
        const std::int32_t floor =
            toward_zero - static_cast<std::int32_t>(static_cast<double>(toward_zero) > bounded);
        std::int32_t code = floor;
        if constexpr (round != fixed::Round::kTrn) {
            const double fraction = bounded - static_cast<double>(floor);
            const auto above = static_cast<std::int32_t>(fraction > 0.5);
            const auto tie = static_cast<std::int32_t>(fraction == 0.5);
            code += above | (round == fixed::Round::kRnd ? tie : tie & (floor & 1));
        }
        const std::uint32_t from_low =
            static_cast<std::uint32_t>(code) - static_cast<std::uint32_t>(row.low[i]);
        code = static_cast<std::int32_t>((from_low & row.mask[i]) +
                                         static_cast<std::uint32_t>(row.low[i]));
        codes[i] = static_cast<Code>(code);
    }
    return odd == 0;
}

template <class Real, class Code>
bool cast_row(fixed::Round round, const Row& row, const Real* values, Code* codes) {
    switch (round) {
        case fixed::Round::kTrn:
            return cast_row<fixed::Round::kTrn>(row, values, codes);
        case fixed::Round::kRnd:
            return cast_row<fixed::Round::kRnd>(row, values, codes);
        case fixed::Round::kRndConv:
            return cast_row<fixed::Round::kRndConv>(row, values, codes);
        default:
            return false;
    }
}

}  // namespace

RowCasts::RowCasts(const std::vector<dfg::Port>& ports) {
    for (const dfg::Port& port : ports) {
        for (const fixed::Cast& cast : port.elements) elements_.push_back(element_cast(cast));
    }
    lay_out();
}

void RowCasts::lay_out() {
    constexpr int kMostBits = 31;
    // An element without bits is 0 in every mode: its mask is 0.
    const auto has_bits = [](const ElementCast& element) { return element.cast.format.width > 0; };
    const auto first = std::find_if(elements_.begin(), elements_.end(), has_bits);
    if (first == elements_.end()) return;
    round_ = first->cast.round;
    is_fast_ = std::all_of(first, elements_.end(), [&](const ElementCast& element) {
        return !has_bits(element) || (element.is_simple && element.cast.round == round_ &&
                                      element.cast.format.width <= kMostBits);
    });
    if (!is_fast_) return;
    for (const ElementCast& element : elements_) {
        const bool saturates = has_bits(element) && element.cast.overflow == fixed::Overflow::kSat;
        scale_.push_back(element.scale);
        inverse_.push_back(1 / element.scale);
        least_.push_back(saturates ? static_cast<double>(element.lo) : -0x1p31 + 1);
        most_.push_back(saturates ? static_cast<double>(element.hi) : 0x1p31 - 2);
        low_.push_back(static_cast<std::int32_t>(element.lo));
        mask_.push_back(saturates ? ~0U : (1U << element.cast.format.width) - 1);
    }
}

template <class Real, class Code>
std::size_t RowCasts::to_codes(std::span<const Real> values, std::span<Code> codes) const {
    const Row row{scale_.data(), least_.data(), most_.data(), low_.data(), mask_.data(), size()};
    for (std::size_t first = 0; first < values.size(); first += size()) {
        if (is_fast_ && cast_row(round_, row, values.data() + first, codes.data() + first))
            continue;
        for (std::size_t i = 0; i < size(); ++i) {
            const auto value = static_cast<double>(values[first + i]);
            if (!is_finite(value)) return first + i;
            codes[first + i] =
                static_cast<Code>(elements_[i].is_simple ? simple_code(value, elements_[i])
                                                         : exact(value, elements_[i].cast));
        }
    }
    return values.size();
}

template <class Real, class Code>
void RowCasts::to_reals(std::span<const Code> codes, std::span<Real> values) const {
    for (std::size_t first = 0; first < codes.size(); first += size()) {
        if (is_fast_) {
            for (std::size_t i = 0; i < size(); ++i) {
                values[first + i] =
                    static_cast<Real>(static_cast<double>(codes[first + i]) * inverse_[i]);
            }
            continue;
        }
        for (std::size_t i = 0; i < size(); ++i)
            values[first + i] = real_of<Real>(std::int64_t{codes[first + i]}, elements_[i]);
    }
}

#define GW_INSTANTIATE(Real, Code)                                                         \
    template std::size_t RowCasts::to_codes(std::span<const Real>, std::span<Code>) const; \
    template void RowCasts::to_reals(std::span<const Code>, std::span<Real>) const;
GW_INSTANTIATE(double, std::int16_t)
GW_INSTANTIATE(double, std::int32_t)
GW_INSTANTIATE(double, std::int64_t)
GW_INSTANTIATE(float, std::int16_t)
GW_INSTANTIATE(float, std::int32_t)
GW_INSTANTIATE(float, std::int64_t)
#undef GW_INSTANTIATE

fixed::Integer to_exact_code(double value, const fixed::Cast& cast) {
    return fixed::cast_code(*fixed::Dyadic::from_double(value), cast);
}

double to_real(const fixed::Integer& code, int frac) {
    return fixed::Dyadic(code, -frac).to_double();
}

}  // namespace gatewright::runtime
