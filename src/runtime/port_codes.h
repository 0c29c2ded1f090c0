// SPDX-License-Identifier: Apache-2.0
//
// Real values to codes and back, for blocks of events and at the emulator's rate. Every step is
// exact: a floating-point number is a dyadic number, scaling it by a power of two changes its
// exponent only, and the fraction that is dropped is compared with one half. What is out of the
// fast path's reach (values past 2^62, subnormal results, rare overflow modes) takes the exact path
// of fixed/, so the two can only agree.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dfg/interface.h"
#include "support/result.h"

namespace gatewright::runtime {

/// How one element's real values become codes, and back.
struct ElementCast {
    fixed::Cast cast;
    double scale = 1;        ///< 2^frac
    bool is_simple = false;  ///< scale is a normal double, overflow wraps or saturates, <= 62 bits
    std::int64_t lo = 0;     ///< least and greatest code
    std::int64_t hi = 0;
};

/// The casts of all elements of some ports, in order, laid out for rows of values.
class RowCasts {
  public:
    explicit RowCasts(const std::vector<dfg::Port>& ports);

    [[nodiscard]] std::size_t size() const { return elements_.size(); }
    [[nodiscard]] const ElementCast& operator[](std::size_t i) const { return elements_[i]; }

    /// Codes of whole events, event-major; `values` and `codes` have the same size. Codes are taken
    /// modulo the integer type. A value that is not finite is an error: the index of the first one
    /// is returned, else values.size(). Real is double or float, Code int16_t, int32_t or int64_t.
    template <class Real, class Code>
    std::size_t to_codes(std::span<const Real> values, std::span<Code> codes) const;

    /// Real values of codes: nearest, exact where the type has the bits.
    template <class Real, class Code>
    void to_reals(std::span<const Code> codes, std::span<Real> values) const;

  private:
    void lay_out();

    std::vector<ElementCast> elements_;
    // The fast row: all elements have at most 31 bits and one rounding mode of the three below.
    bool is_fast_ = false;
    fixed::Round round_ = fixed::Round::kTrn;
    std::vector<double> scale_;
    std::vector<double> inverse_;
    std::vector<double> least_;  ///< bounds before rounding: they are integers, so the order of
    std::vector<double> most_;   ///< rounding and clamping does not matter
    std::vector<std::int32_t> low_;
    std::vector<std::uint32_t> mask_;  ///< wraps codes that count from low_; all ones: no wrap
};

/// The code of one finite value, of any width.
fixed::Integer to_exact_code(double value, const fixed::Cast& cast);
double to_real(const fixed::Integer& code, int frac);

}  // namespace gatewright::runtime
