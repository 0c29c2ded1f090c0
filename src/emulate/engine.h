// SPDX-License-Identifier: Apache-2.0
//
// The emulator: the design's function on many events at once, bit for bit the netlist's. The
// program is lowered once to lanes (lower.h); batches run as machine code made for this processor
// (jit.h) or, where that is impossible or not yet worth it, through a block interpreter with the
// same results. Programs whose ports are wider than int64 run on exact integers (run_exact).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dfg/interface.h"
#include "dfg/program.h"
#include "emulate/batch_function.h"
#include "tensor/tensor.h"

namespace gatewright::emulate {

/// What runs the program. kAutomatic: machine code for the best vector unit, made when an engine
/// has seen enough events to repay it. The others are for tests, comparisons and old processors; a
/// machine that this computer lacks falls back to the interpreter, see Engine::description().
enum class Machine : std::uint8_t { kAutomatic, kInterpreter, kAvx2, kAvx512 };

struct EngineParams {
    Machine machine = Machine::kAutomatic;
};

/// One program. A call allocates nothing, except where it starts threads or the program's working
/// set exceeds 192 KiB (then once per thread).
class Engine final : public BatchFunction {
  public:
    explicit Engine(const dfg::Program& program, const EngineParams& params = {});
    ~Engine() override;
    Engine(Engine&&) noexcept;
    Engine& operator=(Engine&&) noexcept;

    [[nodiscard]] bool fits_int64() const override;
    [[nodiscard]] int output_bits() const override;
    /// Bits of the widest lane of 16, 32 or 64; 0 if some value needs exact integers.
    [[nodiscard]] int lane_bits() const;
    [[nodiscard]] std::size_t input_count() const override;
    [[nodiscard]] std::size_t output_count() const override;
    [[nodiscard]] std::string description() const override;

    void run(std::span<const std::int16_t> inputs, std::span<std::int16_t> outputs,
             std::size_t threads = 0) const override;
    void run(std::span<const std::int32_t> inputs, std::span<std::int32_t> outputs,
             std::size_t threads = 0) const override;
    void run(std::span<const std::int64_t> inputs, std::span<std::int64_t> outputs,
             std::size_t threads = 0) const override;
    /// Position of the first input code outside its input's format, for callers to whom that is an
    /// error; nullopt if there is none.
    template <class Code>
    [[nodiscard]] std::optional<std::size_t> first_outside(std::span<const Code> inputs) const;
    /// The plain interpreter.
    void run_exact(std::span<const fixed::Integer> inputs,
                   std::span<fixed::Integer> outputs) const override;

  private:
    struct Plan;
    template <class Code>
    void run_codes(std::span<const Code> inputs, std::span<Code> outputs,
                   std::size_t threads) const;
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
