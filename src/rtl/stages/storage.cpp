// SPDX-License-Identifier: Apache-2.0
#include "rtl/stages/storage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gatewright::rtl {
namespace {

std::int64_t divided(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
}

double shift_register_luts(std::int64_t steps, std::int64_t width) {
    return static_cast<double>(width * divided(steps, 32));
}

double lut_ram_luts(std::int64_t depth, std::int64_t width) {
    // Beyond 64 words the outputs are multiplexed.
    const double columns = static_cast<double>(divided(depth, 32));
    const double multiplexers = depth > 64 ? columns / 8 : 0;
    return static_cast<double>(width) * (columns * 2 / 3 + multiplexers);
}

double ring_luts(std::int64_t depth, std::int64_t width) {
    const double block = kBlockLuts * static_cast<double>(block_rams(depth, width));
    return std::min(block, lut_ram_luts(depth, width)) + 3 * count_bits(depth);
}

Bits ring(Circuit& circuit, std::string_view name, const Bits& value, std::int64_t steps,
          const Bits& enable) {
    const std::string base(name);
    const auto place = circuit.counter(base + "_place", steps, enable);
    const int width = place.value.width();
    // The oldest word stands behind the place where the newest goes; it is read into the register
    // one step before it is due.
    const Bits oldest =
        circuit.choose(base + "_oldest", place.is_last, constant_bits(0, width),
                       circuit.plus(base + "_behind", place.value, constant_bits(1, width)));
    const Bits out = circuit.read_target(name, value.width(), Memory::Read::Kind::kSynchronous);
    circuit.memory({base + "_ring",
                    static_cast<int>(steps),
                    value.width(),
                    ram_style(steps, value.width()),
                    {},
                    Memory::Write{enable, place.value, value},
                    {{out.pieces[0].signal, Memory::Read::Kind::kSynchronous, oldest, enable}}});
    return out;
}

}  // namespace

std::int64_t block_rams(std::int64_t depth, std::int64_t width) {
    constexpr std::array<std::pair<std::int64_t, std::int64_t>, 6> kShapes = {
        {{512, 36}, {1024, 18}, {2048, 9}, {4096, 4}, {8192, 2}, {16384, 1}}};
    std::int64_t best = divided(depth, 512) * divided(width, 36);
    for (const auto& [words, bits] : kShapes) {
        best = std::min(best, divided(depth, words) * divided(width, bits));
    }
    return best;
}

Memory::Style ram_style(std::int64_t depth, std::int64_t width) {
    // Two registers and a multiplexer per bit cost more than a bit of LUT RAM.
    if (depth <= 1) return Memory::Style::kLogic;
    const double block = kBlockLuts * static_cast<double>(block_rams(depth, width));
    return lut_ram_luts(depth, width) <= block ? Memory::Style::kDistributed
                                               : Memory::Style::kBlock;
}

Memory::Style rom_style(std::int64_t depth, std::int64_t width) {
    const double block = kBlockLuts * static_cast<double>(block_rams(depth, width));
    const auto luts = static_cast<double>(width * divided(depth, 64));
    return luts <= block ? Memory::Style::kLogic : Memory::Style::kBlock;
}

Bits delayed_by(Circuit& circuit, std::string_view name, const Bits& value, std::int64_t steps,
                const Bits& enable) {
    if (steps > 2 && ring_luts(steps, value.width()) < shift_register_luts(steps, value.width())) {
        return ring(circuit, name, value, steps, enable);
    }
    Bits held = value;
    for (std::int64_t step = 1; step < steps; ++step) {
        held = circuit.delayed(fmt::format("{}_d{}", name, step), held, enable);
    }
    return circuit.delayed(name, held, enable);
}

}  // namespace gatewright::rtl
