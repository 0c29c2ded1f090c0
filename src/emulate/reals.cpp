// SPDX-License-Identifier: Apache-2.0
#include "emulate/reals.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "fixed/convert.h"
#include "fixed/dyadic.h"
#include "support/check.h"
#include "support/parallel.h"

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define GW_VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define GW_VECTOR_CLONES
#endif

namespace gatewright::emulate {
namespace {

using fixed::Cast;
using fixed::Integer;

// Codes of a step lie on the stack: about so many, for wide ports up to so many.
constexpr std::size_t kStackCodes = 16384;
constexpr std::size_t kMostStackCodes = 65536;
// Beyond this the fast loop leaves a value to exact arithmetic.
constexpr double kLargest = 0x1p30;

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
    GW_UNREACHABLE("rounding mode");
}

// The fast loop knows truncation and rounding half up, wrapping (left to the program) and clamping.
bool is_fast(const Cast& cast) {
    const bool rounds = cast.round == fixed::Round::kTrn || cast.round == fixed::Round::kRnd;
    const bool wraps = cast.overflow == fixed::Overflow::kWrap && cast.saturation_bits == 0;
    const bool clamps = cast.overflow == fixed::Overflow::kSat ||
                        (cast.overflow == fixed::Overflow::kSatSym && !cast.format.is_signed);
    return rounds && (wraps || clamps) && cast.format.width <= 30 &&
           std::abs(cast.format.frac) <= 500;
}

struct FastCasts {
    const double* scale;
    const double* threshold;
    const double* lowest;
    const double* highest;
};

// Codes of one row of elements; false if a value is beyond the fast loop. Comparisons with NaN are
// false, so it is beyond.
template <class Real, class Code>
inline __attribute__((always_inline)) bool fast_row(const Real* values, std::size_t count,
                                                    const FastCasts& casts, Code* codes) {
    int beyond = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const double value = static_cast<double>(values[i]);
        const double scaled = value * casts.scale[i];
        const double size = std::abs(scaled);
        beyond |= static_cast<int>(!(size < kLargest)) |
                  (static_cast<int>(size < 0x1p-900) & static_cast<int>(value != 0));
        const double inside = size < kLargest ? scaled : 0.0;
        const double floor = std::floor(inside);
        double code = floor + (inside - floor >= casts.threshold[i] ? 1.0 : 0.0);
        code = std::max(casts.lowest[i], std::min(casts.highest[i], code));
        codes[i] = static_cast<Code>(static_cast<std::int32_t>(code));
    }
    return beyond == 0;
}

#define GW_FAST_ROW(Real, Code)                                                                   \
    GW_VECTOR_CLONES bool cast_row(const Real* values, std::size_t count, const FastCasts& casts, \
                                   Code* codes) {                                                 \
        return fast_row(values, count, casts, codes);                                             \
    }
GW_FAST_ROW(float, std::int16_t)
GW_FAST_ROW(float, std::int32_t)
GW_FAST_ROW(float, std::int64_t)
GW_FAST_ROW(double, std::int16_t)
GW_FAST_ROW(double, std::int32_t)
GW_FAST_ROW(double, std::int64_t)
#undef GW_FAST_ROW

}  // namespace

// Scaling is exact unless it leaves the doubles' normal range; then, and for values too large for
// int64, the exact path is taken.
Integer real_to_code(double value, const Cast& cast) {
    if (std::abs(cast.format.frac) < 500) {
        const double scaled = std::ldexp(value, cast.format.frac);
        const bool normal = value == 0 || std::fpclassify(scaled) == FP_NORMAL;
        if (normal && std::abs(scaled) < 0x1p62) {
            const double floor = std::floor(scaled);
            const auto whole = static_cast<std::int64_t>(floor);
            const std::int64_t up = rounds_up(scaled - floor, whole, cast.round) ? 1 : 0;
            return fixed::overflow_code(whole + up, cast);
        }
    }
    return fixed::cast_code(*fixed::Dyadic::from_double(value), cast);
}

RealPorts::RealPorts(const dfg::Interface& ports) {
    const auto collect = [](const std::vector<dfg::Port>& from, std::vector<Element>& elements,
                            std::vector<Part>& parts) {
        for (std::uint32_t p = 0; p < from.size(); ++p) {
            parts.push_back({elements.size(), from[p].elements.size()});
            for (std::uint32_t i = 0; i < from[p].elements.size(); ++i)
                elements.push_back({p, i, from[p].elements[i]});
        }
    };
    collect(ports.inputs, inputs_, input_parts_);
    collect(ports.outputs, outputs_, output_parts_);
    for (const dfg::Port& port : ports.inputs) names_.push_back(port.name);
    for (const Element& element : inputs_) {
        const fixed::Format& format = element.cast.format;
        all_fast_ = all_fast_ && is_fast(element.cast);
        input_bits_ = std::max(input_bits_, format.width + (format.is_signed ? 0 : 1));
        const bool clamps = element.cast.overflow != fixed::Overflow::kWrap;
        scale_.push_back(std::ldexp(1.0, std::clamp(format.frac, -500, 500)));
        threshold_.push_back(element.cast.round == fixed::Round::kRnd ? 0.5 : 2.0);
        lowest_.push_back(clamps ? format.min_code().to_double() : -kLargest);
        highest_.push_back(clamps ? format.max_code().to_double() : kLargest);
    }
    for (const Element& element : outputs_) {
        const int frac = element.cast.format.frac;
        has_units_ = has_units_ && std::abs(frac) <= 900;
        unit_.push_back(std::ldexp(1.0, -frac));
    }
}

template <class Real, class Code>
bool RealPorts::to_codes(std::span<const Real* const> inputs, std::size_t begin, std::size_t events,
                         Code* codes) const {
    for (std::size_t e = 0; e < events; ++e) {
        for (std::size_t p = 0; p < input_parts_.size(); ++p) {
            const Part& part = input_parts_[p];
            const Real* values = inputs[p] + (begin + e) * part.count;
            Code* row = codes + e * inputs_.size() + part.first;
            const FastCasts casts{&scale_[part.first], &threshold_[part.first],
                                  &lowest_[part.first], &highest_[part.first]};
            if (part.count == 0 || (all_fast_ && cast_row(values, part.count, casts, row)))
                continue;
            for (std::size_t i = 0; i < part.count; ++i) {
                const auto value = static_cast<double>(values[i]);
                if (!std::isfinite(value)) return false;
                const Cast& cast = inputs_[part.first + i].cast;
                row[i] = static_cast<Code>(*real_to_code(value, cast).to_int64());
            }
        }
    }
    return true;
}

template <class Real, class Code>
void RealPorts::to_reals(const Code* codes, std::size_t begin, std::size_t events,
                         std::span<Real* const> outputs) const {
    for (std::size_t p = 0; p < output_parts_.size(); ++p) {
        const Part& part = output_parts_[p];
        for (std::size_t e = 0; e < events; ++e) {
            const Code* row = codes + e * outputs_.size() + part.first;
            Real* values = outputs[p] + (begin + e) * part.count;
            for (std::size_t i = 0; i < part.count; ++i) {
                const auto code = static_cast<double>(row[i]);
                const std::size_t element = part.first + i;
                values[i] = static_cast<Real>(
                    has_units_ ? code * unit_[element]
                               : std::ldexp(code, -outputs_[element].cast.format.frac));
            }
        }
    }
}

template <class Real>
Status RealPorts::first_error(std::span<const Real* const> inputs, std::size_t events) const {
    for (std::size_t e = 0; e < events; ++e) {
        for (std::size_t p = 0; p < input_parts_.size(); ++p) {
            for (std::size_t i = 0; i < input_parts_[p].count; ++i) {
                const auto value = static_cast<double>(inputs[p][e * input_parts_[p].count + i]);
                if (std::isfinite(value)) continue;
                return fail(fmt::format(
                    "input port '{}': event {}, element {} is {}; only finite numbers have a code",
                    names_[p], e, i, value));
            }
        }
    }
    return {};
}

template <class Real, class Code>
Status RealPorts::run_in(const BatchFunction& engine, std::span<const Real* const> inputs,
                         std::span<Real* const> outputs, std::size_t events,
                         std::size_t threads) const {
    const std::size_t in_row = inputs_.size();
    const std::size_t out_row = outputs_.size();
    const std::size_t row = std::max<std::size_t>(1, in_row + out_row);
    const std::size_t step =
        std::max({kStackCodes / row / 32 * 32, std::min<std::size_t>(32, kMostStackCodes / row),
                  std::size_t{1}});
    std::atomic<bool> failed{false};
    const auto work = [&](std::size_t begin, std::size_t end) {
        const std::size_t most = std::min(step, end - begin);
        auto* codes = static_cast<Code*>(__builtin_alloca(most * row * sizeof(Code)));
        Code* results = codes + most * in_row;
        for (std::size_t e = begin; e < end && !failed; e += step) {
            const std::size_t count = std::min(step, end - e);
            if (!to_codes(inputs, e, count, codes)) {
                failed = true;
                return;
            }
            engine.run(std::span<const Code>(codes, count * in_row),
                       std::span<Code>(results, count * out_row), 1);
            to_reals(results, e, count, outputs);
        }
    };
    constexpr std::size_t kEventsPerThread = 16384;
    const std::size_t workers =
        std::min(threads == 0 ? thread_count() : threads, events / kEventsPerThread + 1);
    if (workers <= 1) {
        work(0, events);
    } else {
        parallel_for(events, (events / workers / 4 / step + 1) * step, workers, work);
    }
    return failed ? first_error(inputs, events) : Status{};
}

template <class Real>
Status RealPorts::run(const BatchFunction& engine, std::span<const Real* const> inputs,
                      std::span<Real* const> outputs, std::size_t events,
                      std::size_t threads) const {
    GW_CHECK(engine.fits_int64(), "real values through ports wider than int64");
    GW_CHECK(engine.input_count() == inputs_.size() && engine.output_count() == outputs_.size() &&
                 inputs.size() == input_parts_.size() && outputs.size() == output_parts_.size(),
             "arrays, ports and engine do not belong together");
    if (events == 0) return {};
    const int bits = std::max(input_bits_, engine.output_bits());
    if (bits <= 16) return run_in<Real, std::int16_t>(engine, inputs, outputs, events, threads);
    if (bits <= 32) return run_in<Real, std::int32_t>(engine, inputs, outputs, events, threads);
    return run_in<Real, std::int64_t>(engine, inputs, outputs, events, threads);
}

template Status RealPorts::run(const BatchFunction&, std::span<const float* const>,
                               std::span<float* const>, std::size_t, std::size_t) const;
template Status RealPorts::run(const BatchFunction&, std::span<const double* const>,
                               std::span<double* const>, std::size_t, std::size_t) const;

}  // namespace gatewright::emulate
