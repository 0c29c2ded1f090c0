// SPDX-License-Identifier: Apache-2.0
//
// Index types that do not mix: a ValueId is not a LayerId. An id refers into the container that
// owns the thing; the default-made id refers to nothing.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

namespace gatewright {

template <class Tag>
class StrongId {
  public:
    constexpr StrongId() = default;
    constexpr explicit StrongId(std::size_t index) : index_(static_cast<std::uint32_t>(index)) {}

    [[nodiscard]] constexpr std::size_t index() const { return index_; }
    [[nodiscard]] constexpr bool valid() const { return index_ != kNone; }
    friend constexpr auto operator<=>(StrongId, StrongId) = default;

  private:
    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    std::uint32_t index_ = kNone;
};

struct LayerTag;
/// A layer of the user's model; travels forward on every op so that errors and reports can name it.
using LayerId = StrongId<LayerTag>;

}  // namespace gatewright

template <class Tag>
struct std::hash<gatewright::StrongId<Tag>> {
    std::size_t operator()(gatewright::StrongId<Tag> id) const noexcept { return id.index(); }
};
