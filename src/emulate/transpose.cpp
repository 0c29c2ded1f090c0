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

#if defined(__SSE2__)
using Row = __m128i;

inline Row load_row(const std::int16_t* from) {
    return _mm_loadu_si128(reinterpret_cast<const Row*>(from));
}
inline void store_row(std::int16_t* to, Row row) {
    _mm_storeu_si128(reinterpret_cast<Row*>(to), row);
}
inline void interleave(const Row from[8], Row to[8]) {
    for (std::size_t i = 0; i < 4; ++i) {
        to[2 * i] = _mm_unpacklo_epi16(from[i], from[i + 4]);
        to[2 * i + 1] = _mm_unpackhi_epi16(from[i], from[i + 4]);
    }
}
// Rows <-> columns of 8 x 8 words: interleaving the halves three times.
inline void turn(Row rows[8]) {
    Row a[8];
    interleave(rows, a);
    interleave(a, rows);
    interleave(rows, a);
    std::copy(a, a + 8, rows);
}
#else
struct Row {
    std::array<std::int16_t, kTile> word;
};

inline Row load_row(const std::int16_t* from) {
    Row row;
    std::memcpy(row.word.data(), from, sizeof row);
    return row;
}
inline void store_row(std::int16_t* to, const Row& row) {
    std::memcpy(to, row.word.data(), sizeof row);
}
inline void turn(Row rows[8]) {
    for (std::size_t i = 0; i < kTile; ++i) {
        for (std::size_t j = 0; j < i; ++j) std::swap(rows[i].word[j], rows[j].word[i]);
    }
}
#endif

// Eight values of a row, narrowed to words; `count` of them exist.
template <class In>
inline Row load_values(const In* from, std::size_t count) {
    std::array<std::int16_t, kTile> words{};
    for (std::size_t i = 0; i < count; ++i) words[i] = static_cast<std::int16_t>(from[i]);
    return load_row(words.data());
}
template <class Out>
inline void store_values(Out* to, std::size_t count, const Row& row) {
    std::array<std::int16_t, kTile> words;
    store_row(words.data(), row);
    for (std::size_t i = 0; i < count; ++i) to[i] = words[i];
}

// Only reached with rows of words.
template <class T>
const std::int16_t* words_of(const T* row) {
    return reinterpret_cast<const std::int16_t*>(row);
}
template <class T>
std::int16_t* words_of(T* row) {
    return reinterpret_cast<std::int16_t*>(row);
}

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
    for (const LanePlace& place : places_) {
        if (place.bits == 16) {
            offset[place.element] = place.offset;
        } else {
            single_.push_back(place);
        }
    }
    // Groups of eight; the last one reaches back into the one before it, or is shorter if the
    // whole row is.
    group_size_ = std::min(elements, kTile);
    for (std::size_t first = 0; first < elements; first += kTile) {
        Group group;
        group.element = static_cast<std::uint32_t>(std::min(first, elements - group_size_));
        group.offsets.fill(spare);
        for (std::size_t i = 0; i < group_size_; ++i) group.offsets[i] = offset[group.element + i];
        groups_.push_back(group);
    }
}

template <class Lane, class In>
void Transposer::load_place(const LanePlace& place, const In* rows, std::size_t events,
                            std::byte* memory) const {
    Lane* lanes = reinterpret_cast<Lane*>(memory + place.offset);
    const auto& position = sizeof(Lane) == 8 ? position64_ : position32_;
    for (std::size_t e = 0; e < events; ++e) {
        const In value = rows[e * elements_ + place.element];
        lanes[sizeof(Lane) == 2 ? e : position[e]] = static_cast<Lane>(value);
    }
}

template <class Lane, class Out>
void Transposer::store_place(const LanePlace& place, const std::byte* memory, std::size_t events,
                             Out* rows) const {
    const Lane* lanes = reinterpret_cast<const Lane*>(memory + place.offset);
    const auto& position = sizeof(Lane) == 8 ? position64_ : position32_;
    for (std::size_t e = 0; e < events; ++e) {
        rows[e * elements_ + place.element] =
            static_cast<Out>(lanes[sizeof(Lane) == 2 ? e : position[e]]);
    }
}

// Whole vectors are read and written where the array goes on far enough after the row; what lies
// behind the row is then read in vain, or written and overwritten by the row it belongs to.
template <class In>
void Transposer::load(const In* rows, std::size_t events, std::byte* memory) const {
    const std::size_t values = events * elements_;
    for (const Group& group : groups_) {
        for (std::size_t tile = 0; tile < events; tile += kTile) {
            Row words[kTile];
            const std::size_t at = tile * elements_ + group.element;
            if (sizeof(In) == 2 && at + (kTile - 1) * elements_ + kTile <= values) {
                for (std::size_t i = 0; i < kTile; ++i)
                    words[i] = load_row(words_of(rows + at + i * elements_));
            } else {
                for (std::size_t i = 0; i < kTile; ++i) {
                    const std::size_t from = at + i * elements_;
                    const std::size_t left = from < values ? values - from : 0;
                    words[i] = load_values(rows + from, std::min(left, group_size_));
                }
            }
            turn(words);
            for (std::size_t j = 0; j < kTile; ++j) {
                store_row(reinterpret_cast<std::int16_t*>(memory + group.offsets[j]) + tile,
                          words[j]);
            }
        }
    }
    for (const LanePlace& place : single_) {
        if (place.bits == 32) load_place<std::int32_t>(place, rows, events, memory);
        if (place.bits == 64) load_place<std::int64_t>(place, rows, events, memory);
    }
}

template <class Out>
void Transposer::store(const std::byte* memory, std::size_t events, Out* rows) const {
    const std::size_t values = events * elements_;
    for (const Group& group : groups_) {
        for (std::size_t tile = 0; tile < events; tile += kTile) {
            Row words[kTile];
            for (std::size_t j = 0; j < kTile; ++j) {
                words[j] = load_row(
                    reinterpret_cast<const std::int16_t*>(memory + group.offsets[j]) + tile);
            }
            turn(words);
            const std::size_t at = tile * elements_ + group.element;
            if (sizeof(Out) == 2 && at + (kTile - 1) * elements_ + kTile <= values) {
                for (std::size_t i = 0; i < kTile; ++i)
                    store_row(words_of(rows + at + i * elements_), words[i]);
                continue;
            }
            const std::size_t count = std::min(kTile, events - tile);
            for (std::size_t i = 0; i < count; ++i)
                store_values(rows + at + i * elements_, group_size_, words[i]);
        }
    }
    for (const LanePlace& place : single_) {
        if (place.bits == 32) store_place<std::int32_t>(place, memory, events, rows);
        if (place.bits == 64) store_place<std::int64_t>(place, memory, events, rows);
    }
}

template void Transposer::load(const std::int16_t*, std::size_t, std::byte*) const;
template void Transposer::load(const std::int32_t*, std::size_t, std::byte*) const;
template void Transposer::load(const std::int64_t*, std::size_t, std::byte*) const;
template void Transposer::store(const std::byte*, std::size_t, std::int16_t*) const;
template void Transposer::store(const std::byte*, std::size_t, std::int32_t*) const;
template void Transposer::store(const std::byte*, std::size_t, std::int64_t*) const;

}  // namespace gatewright::emulate
