// SPDX-License-Identifier: Apache-2.0
//
// Between event-major arrays (all values of an event side by side, as experiments store them) and
// lanes (all events of a value side by side, as the emulator computes). Blocks of eight events by
// eight 16-bit values are turned with vector unpacks; everything else goes value by value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gatewright::emulate {

/// How the events of a block lie in lanes of 32 and 64 bits. 16-bit lanes are always in order.
enum class LaneOrder : std::uint8_t {
    kInOrder,
    kUnpacked,  ///< as the vector unpack instructions leave them when 16-bit lanes are widened
};

/// One value's lanes: element `element` of the event, at `offset` bytes of the block's memory.
struct LanePlace {
    std::uint32_t element = 0;
    std::uint32_t offset = 0;
    int bits = 16;
};

/// Where lane of event e lies, in a block of `block` events and vectors of `vector_bits` bits.
std::size_t lane_position(LaneOrder order, int bits, std::size_t vector_bits, std::size_t event);

class Transposer {
  public:
    /// `elements`: values per event. `spare`: offset of block * 2 bytes that nobody reads.
    Transposer(std::vector<LanePlace> places, std::size_t elements, std::size_t block,
               std::uint32_t spare, LaneOrder order, std::size_t vector_bits);

    /// `events` <= block rows of In into the lanes; the lanes of missing events keep what they had.
    template <class In>
    void load(const In* rows, std::size_t events, std::byte* memory) const;
    template <class Out>
    void store(const std::byte* memory, std::size_t events, Out* rows) const;

  private:
    template <class Lane, class In>
    void load_place(const LanePlace& place, const In* rows, std::size_t events,
                    std::byte* memory) const;
    template <class Lane, class Out>
    void store_place(const LanePlace& place, const std::byte* memory, std::size_t events,
                     Out* rows) const;

    struct Group {
        std::uint32_t element = 0;  // the first of eight
        std::array<std::uint32_t, 8> offsets{};
    };
    std::vector<LanePlace> places_;
    std::vector<Group> groups_;
    std::vector<LanePlace> single_;
    std::size_t elements_;
    std::size_t group_size_ = 0;
    std::vector<std::uint32_t> position32_;
    std::vector<std::uint32_t> position64_;
};

}  // namespace gatewright::emulate
