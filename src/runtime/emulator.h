// SPDX-License-Identifier: Apache-2.0
//
// The emulator as a library gives it to other programs: a design that was loaded, run on arrays of
// real values or of codes in the caller's own number type. Constant after loading; any number of
// threads may run it at once. The C interface (src/library) and the Python package stand on this.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "runtime/stored_program.h"

namespace gatewright::runtime {

/// Why a run was refused: the caller's mistake in sizes, or a value that has no code.
enum class RunProblem { kNone, kArgument, kValue };

struct RunError {
    RunProblem problem = RunProblem::kNone;
    std::string message;
    explicit operator bool() const { return problem != RunProblem::kNone; }
};

class Emulator {
  public:
    explicit Emulator(StoredProgram stored);
    ~Emulator();
    Emulator(Emulator&&) noexcept;
    Emulator& operator=(Emulator&&) noexcept;

    [[nodiscard]] const StoredProgram& stored() const;
    /// Values of one event, over all ports.
    [[nodiscard]] std::size_t input_count() const;
    [[nodiscard]] std::size_t output_count() const;
    /// How batches run, in a line.
    [[nodiscard]] std::string description() const;

    /// Real values of whole events, event after event, all ports in order. Real is double or float.
    /// `threads`: how many share the events, 0 for all cores; 1 stays on the calling thread. The
    /// outputs are unspecified after an error.
    template <class Real>
    RunError run(std::span<const Real> inputs, std::span<Real> outputs, unsigned threads) const;

    /// Codes likewise; Code is int16_t, int32_t or int64_t. Inputs wrap into their formats; a type
    /// that an output's format does not fit is an error.
    template <class Code>
    RunError run_codes(std::span<const Code> inputs, std::span<Code> outputs,
                       unsigned threads) const;

  private:
    struct Parts;
    template <class Real>
    bool run_ports(std::span<const Real> inputs, std::span<Real> outputs) const;
    template <class Real>
    bool run_casts(std::span<const Real> inputs, std::span<Real> outputs, std::size_t events,
                   unsigned threads) const;
    template <class Code>
    [[nodiscard]] RunError check_outputs_fit() const;
    std::unique_ptr<Parts> parts_;
};

}  // namespace gatewright::runtime
