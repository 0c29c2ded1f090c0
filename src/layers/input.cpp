// SPDX-License-Identifier: Apache-2.0
#include "layers/input.h"

#include <fmt/format.h>

namespace gatewright::layers {

using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

Result<TensorType> Input::infer(std::span<const TensorType> inputs) const {
    if (!inputs.empty()) return fail("an input layer takes no inputs");
    constexpr std::size_t kMaxElements = std::size_t{1} << 20U;
    std::size_t count = 1;
    for (const std::int64_t dim : shape) {
        if (dim <= 0 || static_cast<std::size_t>(dim) > kMaxElements / count) {
            return fail(fmt::format("shape {} must be positive and have at most {} elements",
                                    tensor::to_string(shape), kMaxElements));
        }
        count *= static_cast<std::size_t>(dim);
    }
    if (type.size() != 1 && type.size() != count) {
        return fail(fmt::format("has {} types for {} elements; give one, or one per element",
                                type.size(), count));
    }
    TensorType out{shape, {}};
    for (std::size_t i = 0; i < count; ++i)
        out.elements.push_back(fixed::Interval::of(cast(i).format));
    return out;
}

Values Input::reference(std::span<const Values> inputs) const {
    Values out = inputs[0];
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = cast_value(out[i], cast(i));
    return out;
}

Reals Input::real(std::span<const Reals> inputs) const {
    return inputs[0];
}

std::vector<dfg::ValueId> Input::lower(model::Lowering&, std::span<const Operand> inputs) const {
    return {inputs[0].values.begin(), inputs[0].values.end()};
}

// The conformance suite feeds every example through input layers, so this kind has none of its own.
std::vector<model::Example> Input::examples(Rng&) {
    return {};
}

}  // namespace gatewright::layers
