// SPDX-License-Identifier: Apache-2.0
//
// What --fit chooses from: for every layer whose products can share multipliers its legal reuse
// factors, with multipliers in logic or DSP blocks, and what each choice costs at each clock. A
// stage's cost hardly depends on the other layers' choices, so all layers change at once: as many
// plans as the layer with most choices has, not their product.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arch/stages.h"
#include "compile/compile.h"

namespace gatewright::compile {

/// Hardware by our estimates; block memory in bits, because stages share no block RAM.
struct FitCost {
    double lut = 0;
    std::int64_t dsp = 0;
    std::int64_t block_bits = 0;

    FitCost& operator+=(const FitCost& other) {
        lut += other.lut;
        dsp += other.dsp;
        block_bits += other.block_bits;
        return *this;
    }
};

struct FoldChoice {
    std::int64_t reuse = 1;
    std::optional<arch::Multipliers> multipliers = {};  ///< unset: no multipliers (adder graph)
};

/// How one stage moves its words.
struct StagePace {
    arch::Folding folding;
    int latency = 1;
};

struct ChoiceCost {
    FitCost cost;
    std::vector<StagePace> pace;  ///< of the layer's stages
};

/// A layer by its name in the model file: one stage, or several (a separable convolution).
struct FitLayer {
    std::string origin;
    std::vector<std::size_t> stages;  ///< of the skeleton
    std::vector<FoldChoice> choices;  ///< reuse factors growing
};

struct FitClock {
    double mhz = 0;
    FitCost fixed;             ///< of stages without choice
    std::vector<int> latency;  ///< of all stages of the skeleton
    /// [layer][choice]; empty where an operation is slower than the clock.
    std::vector<std::vector<std::optional<ChoiceCost>>> costs;
};

struct FitSpace {
    /// Every layer at its largest reuse factor: the stages that words move through.
    arch::StagedDesign skeleton;
    std::vector<FitLayer> layers;
    std::vector<FitClock> clocks;
    std::int64_t left_out = 0;  ///< choices with more products in a cycle than are tried
};

/// A layer is tried with at most so many products per cycle, and unrolled with so many weights.
inline constexpr std::int64_t kMostProducts = 8192;
inline constexpr std::int64_t kMostUnrolled = 65536;

Result<FitSpace> fit_space(const Imported& imported, const Options& options);

/// The options' mapping with one choice per layer.
arch::MappingParams chosen_mapping(const FitSpace& space, const Options& options,
                                   const std::vector<std::size_t>& choices);

/// The clocks that are tried: the given one, or multiples of 40 MHz within the part's limit.
std::vector<double> fit_clocks(const Options& options, const schedule::Device& device);

}  // namespace gatewright::compile
