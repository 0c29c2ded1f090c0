// SPDX-License-Identifier: Apache-2.0
//
// Codes to the bits of a bus and back, as 32-bit words, least significant first: the form in which
// vectors go to a simulator. Written from design.json's definition of the bit offsets and sharing
// nothing with rtl::pack, so that the two check each other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "arch/design.h"

namespace gatewright::verify {

/// Where every element of the ports lies in the joint bus.
class BusLayout {
  public:
    explicit BusLayout(const std::vector<arch::Port>& ports);

    [[nodiscard]] std::size_t elements() const { return fields_.size(); }
    /// Bits of the bus; at least 1, as the emitted top has it.
    [[nodiscard]] int bits() const { return bits_ == 0 ? 1 : bits_; }
    [[nodiscard]] std::size_t words() const { return (static_cast<std::size_t>(bits()) + 31) / 32; }

    /// Adds the codes of one event to `out`, words() zeros.
    void pack(std::span<const fixed::Integer> codes, std::span<std::uint32_t> out) const;
    void unpack(std::span<const std::uint32_t> in, std::span<fixed::Integer> codes) const;

  private:
    struct Field {
        int offset;
        fixed::Format format;
    };
    std::vector<Field> fields_;
    int bits_ = 0;
};

}  // namespace gatewright::verify
