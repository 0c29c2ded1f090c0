// SPDX-License-Identifier: Apache-2.0
//
// The one random generator: splitmix64 (Steele, Lea, Flood, OOPSLA 2014). Small, fast, the same
// sequence on every machine, and passed in explicitly, so that every random result has a seed.
#pragma once

#include <cstdint>

namespace gatewright {

class Rng {
    __extension__ using Wide = unsigned __int128;

  public:
    explicit Rng(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31U);
    }

    /// Uniform in [0, bound); bound > 0. Bias below 2^-32 for every bound used here.
    std::uint64_t below(std::uint64_t bound) {
        return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64U);
    }

    /// Uniform in [lo, hi], both included.
    std::int64_t between(std::int64_t lo, std::int64_t hi) {
        return lo + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(hi - lo) + 1U));
    }

    /// Uniform in [0, 1).
    double unit() { return static_cast<double>(next() >> 11U) * 0x1p-53; }

    bool chance(double probability) { return unit() < probability; }

  private:
    std::uint64_t state_;
};

}  // namespace gatewright
