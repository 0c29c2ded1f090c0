// SPDX-License-Identifier: Apache-2.0
//
// The emulator of a design of stages: stream after stream, the words of many positions and events
// at once. A stage's part runs as machine code with positions as its lanes (engine.h); a linear
// head is a matrix product on integers. Nothing here knows how the hardware walks through a stage:
// every mapping of a model gives the same codes.
#pragma once

#include <memory>

#include "arch/stages.h"
#include "emulate/batch_function.h"

namespace gatewright::emulate {

class StagedEngine final : public BatchFunction {
  public:
    explicit StagedEngine(const arch::StagedDesign& design);
    ~StagedEngine() override;
    StagedEngine(StagedEngine&&) noexcept;
    StagedEngine& operator=(StagedEngine&&) noexcept;

    [[nodiscard]] bool fits_int64() const override;
    [[nodiscard]] int output_bits() const override;
    [[nodiscard]] std::size_t input_count() const override;
    [[nodiscard]] std::size_t output_count() const override;
    [[nodiscard]] std::string description() const override;
    void run(std::span<const std::int16_t> inputs, std::span<std::int16_t> outputs,
             std::size_t threads = 0) const override;
    void run(std::span<const std::int32_t> inputs, std::span<std::int32_t> outputs,
             std::size_t threads = 0) const override;
    void run(std::span<const std::int64_t> inputs, std::span<std::int64_t> outputs,
             std::size_t threads = 0) const override;
    /// arch::evaluate.
    void run_exact(std::span<const fixed::Integer> inputs,
                   std::span<fixed::Integer> outputs) const override;

    /// Codes of every stream of one event, by stream, words in order: what traces look at.
    [[nodiscard]] std::vector<std::vector<std::int64_t>> streams(
        std::span<const std::int64_t> event) const;

  private:
    struct Plan;
    template <class Code>
    void run_codes(std::span<const Code> inputs, std::span<Code> outputs,
                   std::size_t threads) const;
    std::unique_ptr<Plan> plan_;
};

}  // namespace gatewright::emulate
