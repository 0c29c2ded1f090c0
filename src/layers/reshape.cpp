// SPDX-License-Identifier: Apache-2.0
#include "layers/reshape.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "layers/example_types.h"

namespace gatewright::layers {

using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

namespace {

tensor::Shape resolved(const tensor::Shape& wanted, std::size_t count) {
    tensor::Shape out = wanted;
    std::int64_t known = 1;
    for (const std::int64_t dim : out) known *= dim < 0 ? 1 : dim;
    for (std::int64_t& dim : out) {
        if (dim < 0) dim = static_cast<std::int64_t>(count) / known;
    }
    return out;
}

}  // namespace

Result<TensorType> Reshape::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    const std::size_t count = inputs[0].elements.size();
    std::size_t known = 1;
    std::size_t open = 0;
    for (const std::int64_t dim : shape) {
        if (dim == -1 && ++open == 1) continue;
        if (dim <= 0 || static_cast<std::size_t>(dim) > count / known) {
            return fail(fmt::format(
                "cannot give {} elements (shape {}) the shape {}: sizes are positive, one may "
                "be -1",
                count, tensor::to_string(inputs[0].shape), tensor::to_string(shape)));
        }
        known *= static_cast<std::size_t>(dim);
    }
    if (open == 0 ? known != count : count % known != 0) {
        return fail(fmt::format("cannot give {} elements (shape {}) the shape {}", count,
                                tensor::to_string(inputs[0].shape), tensor::to_string(shape)));
    }
    return TensorType{resolved(shape, count), inputs[0].elements};
}

Values Reshape::reference(std::span<const Values> inputs) const {
    return {resolved(shape, inputs[0].size()), inputs[0].data};
}

Reals Reshape::real(std::span<const Reals> inputs) const {
    return {resolved(shape, inputs[0].size()), inputs[0].data};
}

std::vector<dfg::ValueId> Reshape::lower(model::Lowering&, std::span<const Operand> inputs) const {
    return {inputs[0].values.begin(), inputs[0].values.end()};
}

std::optional<std::vector<std::int64_t>> Reshape::rearrangement(
    std::span<const TensorType> inputs) const {
    std::vector<std::int64_t> source(inputs[0].elements.size());
    std::iota(source.begin(), source.end(), 0);
    return source;
}

std::string Reshape::summary() const {
    return "to " + tensor::to_string(shape);
}

std::vector<model::Example> Reshape::examples(Rng& rng) {
    std::vector<model::Example> out;
    const tensor::Shape from[] = {{2, 3}, {2, 3}, {6}, {2, 2, 3}, {1}, {}};
    const tensor::Shape to[] = {{-1}, {3, 2}, {2, -1}, {3, -1, 2}, {}, {1, 1}};
    for (std::size_t i = 0; i < std::size(from); ++i) {
        auto layer = std::make_unique<Reshape>();
        layer->shape = to[i];
        out.push_back({std::move(layer), {random_type(rng, from[i])}});
    }
    return out;
}

}  // namespace gatewright::layers
