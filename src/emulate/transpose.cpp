// SPDX-License-Identifier: Apache-2.0
#include "emulate/transpose.h"

#include <algorithm>
#include <array>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace gatewright::emulate {
namespace {

constexpr std::size_t kTile = 8;

struct Tile {
    std::array<std::array<std::int16_t, kTile>, kTile> row;
};

// rows <-> columns of 8 x 8 values of 16 bits.
#if defined(__SSE2__)
void turn(Tile& tile) {
    __m128i a[8];
    for (std::size_t i = 0; i < 8; ++i)
        a[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(tile.row[i].data()));
    __m128i b[8];
    for (std::size_t i = 0; i < 4; ++i) {
        b[2 * i] = _mm_unpacklo_epi16(a[i], a[i + 4]);
        b[2 * i + 1] = _mm_unpackhi_epi16(a[i], a[i + 4]);
    }
    for (std::size_t i = 0; i < 4; ++i) {
        a[2 * i] = _mm_unpacklo_epi16(b[i], b[i + 4]);
        a[2 * i + 1] = _mm_unpackhi_epi16(b[i], b[i + 4]);
    }
    for (std::size_t i = 0; i < 4; ++i) {
        b[2 * i] = _mm_unpacklo_epi16(a[i], a[i + 4]);
        b[2 * i + 1] = _mm_unpackhi_epi16(a[i], a[i + 4]);
    }
    for (std::size_t i = 0; i < 8; ++i)
        _mm_storeu_si128(reinterpret_cast<__m128i*>(tile.row[i].data()), b[i]);
}
#else
void turn(Tile& tile) {
    for (std::size_t i = 0; i < kTile; ++i) {
        for (std::size_t j = 0; j < i; ++j) std::swap(tile.row[i][j], tile.row[j][i]);
    }
}
#endif

}  // namespace

std::size_t lane_position(LaneOrder order, int bits, std::size_t vector_bits, std::size_t event) {
    if (order == LaneOrder::kInOrder || bits == 16) return event;
    // A vector of 16-bit lanes is widened to two, the low and the high halves of each 128 bits.
    const std::size_t lanes16 = vector_bits / 16;
    const std::size_t block16 = event / lanes16 * lanes16;
    const std::size_t in_vector = event % lanes16;
    const std::size_t segment = in_vector / 8;
    const std::size_t half = in_vector % 8 / 4;
    const std::size_t at = in_vector % 4;
    const std::size_t lanes32 = lanes16 / 2;
    if (bits == 32) return block16 + half * lanes32 + segment * 4 + at;
    const std::size_t quarter = half * 2 + at / 2;
    return block16 + quarter * (lanes32 / 2) + segment * 2 + at % 2;
}

Transposer::Transposer(std::vector<LanePlace> places, std::size_t elements, std::size_t block,
                       std::uint32_t spare, LaneOrder order, std::size_t vector_bits)
    : places_(std::move(places)), elements_(elements) {
    for (std::size_t e = 0; e < block; ++e) {
        position32_.push_back(static_cast<std::uint32_t>(lane_position(order, 32, vector_bits, e)));
        position64_.push_back(static_cast<std::uint32_t>(lane_position(order, 64, vector_bits, e)));
    }
    std::vector<std::uint32_t> offset(elements, spare);
    std::vector<std::size_t> count(elements, 0);
    for (const LanePlace& place : places_) {
        ++count[place.element];
        if (place.bits == 16) offset[place.element] = place.offset;
    }
    const bool can_group = elements >= kTile;
    for (std::size_t first = 0; can_group && first < elements; first += kTile) {
        Group group;
        group.element = static_cast<std::uint32_t>(std::min(first, elements - kTile));
        for (std::size_t i = 0; i < kTile; ++i) group.offsets[i] = offset[group.element + i];
        groups_.push_back(group);
    }
    for (const LanePlace& place : places_) {
        if (!can_group || place.bits != 16) single_.push_back(place);
    }
}

template <class Lane, class In>
void Transposer::load_place(const LanePlace& place, const In* rows, std::size_t begin,
                            std::size_t events, std::byte* memory) const {
    Lane* lanes = reinterpret_cast<Lane*>(memory + place.offset);
    const auto& position = sizeof(Lane) == 8 ? position64_ : position32_;
    for (std::size_t e = begin; e < events; ++e) {
        const In value = rows[e * elements_ + place.element];
        lanes[sizeof(Lane) == 2 ? e : position[e]] = static_cast<Lane>(value);
    }
}

template <class Lane, class Out>
void Transposer::store_place(const LanePlace& place, const std::byte* memory, std::size_t begin,
                             std::size_t events, Out* rows) const {
    const Lane* lanes = reinterpret_cast<const Lane*>(memory + place.offset);
    const auto& position = sizeof(Lane) == 8 ? position64_ : position32_;
    for (std::size_t e = begin; e < events; ++e) {
        rows[e * elements_ + place.element] =
            static_cast<Out>(lanes[sizeof(Lane) == 2 ? e : position[e]]);
    }
}

template <class In>
void Transposer::load(const In* rows, std::size_t events, std::byte* memory) const {
    const std::size_t whole = groups_.empty() ? 0 : events / kTile * kTile;
    for (std::size_t e = 0; e < whole; e += kTile) {
        for (const Group& group : groups_) {
            Tile tile;
            for (std::size_t i = 0; i < kTile; ++i) {
                const In* row = rows + (e + i) * elements_ + group.element;
                if constexpr (sizeof(In) == 2) {
                    std::memcpy(tile.row[i].data(), row, kTile * 2);
                } else {
                    for (std::size_t j = 0; j < kTile; ++j)
                        tile.row[i][j] = static_cast<std::int16_t>(row[j]);
                }
            }
            turn(tile);
            for (std::size_t j = 0; j < kTile; ++j)
                std::memcpy(memory + group.offsets[j] + e * 2, tile.row[j].data(), kTile * 2);
        }
    }
    if (whole < events && !groups_.empty()) {
        for (const LanePlace& place : places_) {
            if (place.bits == 16) load_place<std::int16_t>(place, rows, whole, events, memory);
        }
    }
    for (const LanePlace& place : single_) {
        if (place.bits == 16) load_place<std::int16_t>(place, rows, 0, events, memory);
        if (place.bits == 32) load_place<std::int32_t>(place, rows, 0, events, memory);
        if (place.bits == 64) load_place<std::int64_t>(place, rows, 0, events, memory);
    }
}

template <class Out>
void Transposer::store(const std::byte* memory, std::size_t events, Out* rows) const {
    for (const LanePlace& place : places_) {
        if (place.bits == 16) store_place<std::int16_t>(place, memory, 0, events, rows);
        if (place.bits == 32) store_place<std::int32_t>(place, memory, 0, events, rows);
        if (place.bits == 64) store_place<std::int64_t>(place, memory, 0, events, rows);
    }
}

template void Transposer::load(const std::int16_t*, std::size_t, std::byte*) const;
template void Transposer::load(const std::int32_t*, std::size_t, std::byte*) const;
template void Transposer::load(const std::int64_t*, std::size_t, std::byte*) const;
template void Transposer::store(const std::byte*, std::size_t, std::int16_t*) const;
template void Transposer::store(const std::byte*, std::size_t, std::int32_t*) const;
template void Transposer::store(const std::byte*, std::size_t, std::int64_t*) const;

}  // namespace gatewright::emulate
