// SPDX-License-Identifier: Apache-2.0
#include "layers/example_types.h"

#include <fmt/format.h>

namespace gatewright::layers {

Status expect_inputs(std::span<const model::TensorType> inputs, std::size_t count) {
    if (inputs.size() == count) return {};
    return fail(fmt::format("has {} inputs, expected {}", inputs.size(), count));
}

Status expect_word(int bits) {
    constexpr int kMaxBits = 1000;
    if (bits <= kMaxBits) return {};
    return fail(fmt::format(
        "the weights of one output span {} bits from the largest to the smallest set bit; at "
        "most {} are supported: quantize the weights first",
        bits, kMaxBits));
}

fixed::Format random_format(Rng& rng) {
    return {rng.chance(0.5), static_cast<int>(rng.between(0, 9)),
            static_cast<int>(rng.between(-2, 8))};
}

fixed::Cast random_cast(Rng& rng) {
    fixed::Cast cast;
    cast.format = random_format(rng);
    cast.round = static_cast<fixed::Round>(rng.below(7));
    cast.overflow = static_cast<fixed::Overflow>(rng.below(5));
    if (cast.overflow == fixed::Overflow::kWrapSm) {
        cast.format.is_signed = true;
        cast.saturation_bits = cast.format.width > 0 ? static_cast<int>(rng.below(2)) : 0;
    } else if (cast.overflow == fixed::Overflow::kWrap && rng.chance(0.3)) {
        cast.saturation_bits = static_cast<int>(rng.between(0, cast.format.width));
    }
    return cast;
}

model::TensorType random_type(Rng& rng, tensor::Shape shape) {
    model::TensorType type{std::move(shape), {}};
    for (std::size_t i = 0; i < tensor::element_count(type.shape); ++i) {
        type.elements.push_back(fixed::Interval::of(random_format(rng)));
    }
    return type;
}

model::TensorType wide_type(tensor::Shape shape, int width) {
    model::TensorType type{std::move(shape), {}};
    for (std::size_t i = 0; i < tensor::element_count(type.shape); ++i) {
        const fixed::Format format{i % 2 == 0, width, width / 2 - static_cast<int>(i)};
        type.elements.push_back(fixed::Interval::of(format));
    }
    return type;
}

fixed::Dyadic random_weight(Rng& rng) {
    if (rng.chance(0.25)) return 0;
    return {fixed::Integer(rng.between(-127, 127)), static_cast<int>(rng.between(-8, 1))};
}

}  // namespace gatewright::layers
