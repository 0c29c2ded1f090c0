// SPDX-License-Identifier: Apache-2.0
//
// Registers of a design with loadable weights. Weights are in two banks. An event takes the bank
// that is selected when its first word is accepted; the bank travels with its words, so that every
// stage uses it for all of the event, and no event sees a mixture however writes fall. A bank is in
// use while it is selected or an event that took it is under way; a write to it is refused with an
// error and changes nothing.
//
// Word addresses: the registers below, then, from the first multiple of its size on, each stage's
// block (loading.h).
#pragma once

#include "rtl/stages/build.h"

namespace gatewright::rtl {

enum class ControlRegister : std::uint8_t {
    kIdentity = 0,   ///< reads kIdentityValue
    kBank = 1,       ///< bit 0: the bank that the next events take
    kInFlight0 = 2,  ///< events under way that took bank 0; bit 31: the bank is in use
    kInFlight1 = 3,  ///< the same of bank 1
    kStatus = 4,     ///< bit 0: frame_error
    kRefused = 5,    ///< writes refused because their bank was in use
};
inline constexpr std::int64_t kControlRegisters = 8;        ///< addresses they take
inline constexpr std::int64_t kIdentityValue = 0x47573031;  // "GW01"
inline constexpr int kInFlightBits = 16;

/// Gives the blocks their addresses; returns the bits of an address.
int place_blocks(std::vector<LoadBlock>& blocks);

/// The module: ports reg_*; begins (an event's first word is accepted), per output port
/// ends<i> (its last word leaves) and ends<i>_bank; frame_error -> bank, per block load<i>, and
/// load_address, load_data for all.
Module control_module(const std::string& name, const std::vector<LoadBlock>& blocks,
                      int address_bits, std::size_t outputs);

/// registers.md, registers.json, registers.h.
std::vector<File> register_maps(const arch::StagedDesign& design, const StagedNetlist& staged);

}  // namespace gatewright::rtl
