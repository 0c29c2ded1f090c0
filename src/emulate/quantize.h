// SPDX-License-Identifier: Apache-2.0
//
// A cast or slice reduced to what lanes can do cheaply: add a constant, drop low bits, then keep,
// wrap or clamp. Rounding modes whose constant depends on the sign, and overflow modes beyond
// these, are not of this shape; they go through dfg/semantics.h.
#pragma once

#include <optional>

#include "emulate/ranges.h"

namespace gatewright::emulate {

enum class Finish : std::uint8_t { kNone, kWrap, kClamp };

struct Quantize {
    int drop = 0;  ///< bits dropped; < 0: bits appended
    std::int64_t bias = 0;
    bool to_even = false;  ///< add also the lowest bit kept, before dropping
    Finish finish = Finish::kNone;
    std::int64_t lo = 0;  ///< kClamp; a bound that no code passes is left out
    std::int64_t hi = 0;
    bool clamps_low = false;
    bool clamps_high = false;
    int work_bits = 0;  ///< signed lane that holds every intermediate code
};

/// Of a cast or slice; nullopt if it has another shape or needs more than 64 bits.
std::optional<Quantize> quantize_of(const dfg::Program& program, const Ranges& ranges,
                                    const dfg::Node& node);

}  // namespace gatewright::emulate
