// SPDX-License-Identifier: Apache-2.0
//
// What the emulator gives its users, whatever the hardware plan behind it: a pure function of
// events, run on many of them at once. Engine is it for one dataflow program, StagedEngine for a
// design of stages. Immutable after construction: any number of threads may use one at once.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "fixed/integer.h"

namespace gatewright::emulate {

class BatchFunction {
  public:
    BatchFunction() = default;
    BatchFunction(const BatchFunction&) = delete;
    BatchFunction& operator=(const BatchFunction&) = delete;
    BatchFunction(BatchFunction&&) noexcept = default;
    BatchFunction& operator=(BatchFunction&&) noexcept = default;
    virtual ~BatchFunction() = default;

    /// True if all inputs and outputs fit int64; only then may run() be called.
    [[nodiscard]] virtual bool fits_int64() const = 0;
    /// Bits of the smallest signed type that holds every output code: 16, 32 or 64; 0 if
    /// !fits_int64().
    [[nodiscard]] virtual int output_bits() const = 0;
    /// Codes of one event.
    [[nodiscard]] virtual std::size_t input_count() const = 0;
    [[nodiscard]] virtual std::size_t output_count() const = 0;
    /// How batches run, in a line: "AVX2 machine code, 16 events at a time, 1,893 instructions".
    [[nodiscard]] virtual std::string description() const = 0;

    /// Codes, event-major: inputs[e * input_count() + i]. Codes outside an input's format are
    /// wrapped into it. Output codes are taken modulo the element type; output_bits() says which
    /// type loses nothing. Batches long enough to repay it use up to `threads` threads (0:
    /// thread_count()); results do not depend on that. The arrays need no alignment beyond their
    /// element's and must not overlap.
    virtual void run(std::span<const std::int16_t> inputs, std::span<std::int16_t> outputs,
                     std::size_t threads = 0) const = 0;
    virtual void run(std::span<const std::int32_t> inputs, std::span<std::int32_t> outputs,
                     std::size_t threads = 0) const = 0;
    virtual void run(std::span<const std::int64_t> inputs, std::span<std::int64_t> outputs,
                     std::size_t threads = 0) const = 0;
    /// run() on exact integers, for any width.
    virtual void run_exact(std::span<const fixed::Integer> inputs,
                           std::span<fixed::Integer> outputs) const = 0;
};

}  // namespace gatewright::emulate
