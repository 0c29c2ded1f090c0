// SPDX-License-Identifier: Apache-2.0
//
// The emulator: the design's function on many events at once, bit for bit the netlist's. Values
// live in blocks of events (structure of arrays), in 32-bit lanes where the whole program allows
// it, else in 64-bit lanes; programs with values wider than int64 run on exact integers, slower,
// with the same results.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dfg/interface.h"
#include "dfg/program.h"
#include "tensor/tensor.h"

namespace gatewright::emulate {

class Engine {
  public:
    explicit Engine(const dfg::Program& program);
    ~Engine();
    Engine(Engine&&) noexcept;
    Engine& operator=(Engine&&) noexcept;

    /// True if all values fit int64 lanes; only then may run() be called.
    [[nodiscard]] bool fits_int64() const;
    /// 32 or 64; 0 if the program needs run_exact().
    [[nodiscard]] int lane_bits() const;
    [[nodiscard]] std::size_t input_count() const;
    [[nodiscard]] std::size_t output_count() const;

    /// Codes, event-major: inputs[e * input_count() + i]. Codes outside an input's format are
    /// wrapped into it. Thread-safe; uses parallel_for.
    void run(std::span<const std::int64_t> inputs, std::span<std::int64_t> outputs) const;
    /// The same on exact integers, for any width.
    void run_exact(std::span<const fixed::Integer> inputs, std::span<fixed::Integer> outputs) const;

  private:
    struct Plan;
    std::unique_ptr<Plan> plan_;
};

/// Codes of real input values by the input ports' casts, event-major over all ports' elements; `x`
/// holds one tensor per input port, [events, ...shape]. NaN and infinities are errors that name the
/// event and element; so are ports with codes wider than int64 (to_exact_codes takes any width).
Result<std::vector<std::int64_t>> to_codes(std::span<const dfg::Port> ports,
                                           std::span<const tensor::Tensor<double>> x);
Result<std::vector<fixed::Integer>> to_exact_codes(std::span<const dfg::Port> ports,
                                                   std::span<const tensor::Tensor<double>> x);
/// Real values of output codes, one tensor per output port, [events, ...shape].
std::vector<tensor::Tensor<double>> to_reals(std::span<const dfg::Port> ports,
                                             std::span<const std::int64_t> codes);
std::vector<tensor::Tensor<double>> to_reals(std::span<const dfg::Port> ports,
                                             std::span<const fixed::Integer> codes);

}  // namespace gatewright::emulate
