// SPDX-License-Identifier: Apache-2.0
#include "layers/permute.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/example_types.h"
#include "layers/plain_loops.h"

namespace gatewright::layers {

using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

namespace {

// The input element of each output element: strides of the input in the order of the output's axes.
std::vector<std::size_t> permuted_elements(const tensor::Shape& shape,
                                           const std::vector<std::int64_t>& dims) {
    const std::vector<std::size_t> steps = tensor::strides(shape);
    std::vector<std::size_t> out{0};
    for (const std::int64_t dim : dims) {
        const auto axis = static_cast<std::size_t>(dim);
        std::vector<std::size_t> next;
        next.reserve(out.size() * static_cast<std::size_t>(shape[axis]));
        for (const std::size_t base : out) {
            for (std::size_t i = 0; i < static_cast<std::size_t>(shape[axis]); ++i) {
                next.push_back(base + i * steps[axis]);
            }
        }
        out = std::move(next);
    }
    return out;
}

template <class T>
tensor::Tensor<T> permute_plainly(const tensor::Tensor<T>& x,
                                  const std::vector<std::int64_t>& dims) {
    tensor::Shape shape;
    for (const std::int64_t dim : dims) shape.push_back(x.shape[static_cast<std::size_t>(dim)]);
    tensor::Tensor<T> y(shape);
    std::size_t flat = 0;
    std::vector<std::int64_t> source(dims.size());
    for_each_index(shape, [&](const std::vector<std::int64_t>& index) {
        for (std::size_t i = 0; i < dims.size(); ++i)
            source[static_cast<std::size_t>(dims[i])] = index[i];
        y[flat++] = element_at(x, source);
    });
    return y;
}

}  // namespace

Result<TensorType> Permute::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    const TensorType& x = inputs[0];
    std::vector<std::int64_t> sorted = dims;
    std::sort(sorted.begin(), sorted.end());
    bool is_permutation = sorted.size() == x.shape.size();
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        is_permutation = is_permutation && sorted[i] == static_cast<std::int64_t>(i);
    }
    if (!is_permutation) {
        return fail(fmt::format(
            "dims {} must name each axis 0 to {} of shape {} once", tensor::to_string(dims),
            static_cast<std::int64_t>(x.shape.size()) - 1, tensor::to_string(x.shape)));
    }
    TensorType out;
    for (const std::int64_t dim : dims) out.shape.push_back(x.shape[static_cast<std::size_t>(dim)]);
    for (const std::size_t i : permuted_elements(x.shape, dims))
        out.elements.push_back(x.elements[i]);
    return out;
}

Values Permute::reference(std::span<const Values> inputs) const {
    return permute_plainly(inputs[0], dims);
}
Reals Permute::real(std::span<const Reals> inputs) const {
    return permute_plainly(inputs[0], dims);
}

std::vector<dfg::ValueId> Permute::lower(model::Lowering&, std::span<const Operand> inputs) const {
    std::vector<dfg::ValueId> y;
    for (const std::size_t i : permuted_elements(inputs[0].type.shape, dims))
        y.push_back(inputs[0].values[i]);
    return y;
}

std::optional<std::vector<std::int64_t>> Permute::rearrangement(
    std::span<const TensorType> inputs) const {
    const std::vector<std::size_t> source = permuted_elements(inputs[0].shape, dims);
    return std::vector<std::int64_t>(source.begin(), source.end());
}

std::string Permute::summary() const {
    return "axes " + tensor::to_string(dims);
}

std::vector<model::Example> Permute::examples(Rng& rng) {
    std::vector<model::Example> out;
    for (const std::vector<std::int64_t>& dims :
         std::vector<std::vector<std::int64_t>>{{0}, {1, 0}, {2, 0, 1}, {1, 2, 0}, {0, 2, 1}}) {
        auto layer = std::make_unique<Permute>();
        layer->dims = dims;
        tensor::Shape shape{2, 3, 4};
        shape.resize(dims.size());
        out.push_back({std::move(layer), {random_type(rng, shape)}});
    }
    return out;
}

}  // namespace gatewright::layers
