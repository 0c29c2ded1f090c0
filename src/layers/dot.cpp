// SPDX-License-Identifier: Apache-2.0
#include "layers/dot.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/ebops.h"
#include "layers/emit.h"
#include "layers/example_types.h"
#include "layers/plain_loops.h"
#include "layers/shapes.h"

namespace gatewright::layers {

using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

namespace {

struct DotPlan {
    tensor::Shape shape;
    std::vector<std::vector<std::size_t>> left;   // lines of the first input, one per output row
    std::vector<std::vector<std::size_t>> right;  // lines of the second, one per output column
};

Result<DotPlan> plan_dot(const tensor::Shape& x, const tensor::Shape& w,
                         const std::vector<std::int64_t>& axes) {
    if (!axes.empty() && axes.size() != 2) {
        return fail(fmt::format("has {} axes, expected two, one of each input", axes.size()));
    }
    GW_TRY(const std::size_t a, resolve_axis(axes.empty() ? -1 : axes[0], x));
    GW_TRY(const std::size_t b, resolve_axis(axes.empty() ? -1 : axes[1], w));
    if (x[a] != w[b]) {
        return fail(
            fmt::format("sums over axes of sizes {} and {} (shapes {} and {}); they must be equal",
                        x[a], w[b], tensor::to_string(x), tensor::to_string(w)));
    }
    DotPlan plan;
    plan.shape = without_axis(x, a, AxisFate::kRemoved);
    const tensor::Shape rest = without_axis(w, b, AxisFate::kRemoved);
    plan.shape.insert(plan.shape.end(), rest.begin(), rest.end());
    if (plan.shape.empty()) plan.shape = {1};
    GW_TRY_STATUS(expect_reasonable(plan.shape));
    plan.left = lines_along(x, a);
    plan.right = lines_along(w, b);
    return plan;
}

// Plain loops: every output index is the first input's index without its axis, then the second's.
template <class T>
tensor::Tensor<T> dot_plainly(const tensor::Tensor<T>& x, const tensor::Tensor<T>& w,
                              const std::vector<std::int64_t>& axes) {
    const std::size_t a = axis_of(axes.empty() ? -1 : axes[0], x.shape);
    const std::size_t b = axis_of(axes.empty() ? -1 : axes[1], w.shape);
    tensor::Shape shape;
    for (std::size_t i = 0; i < x.shape.size(); ++i) {
        if (i != a) shape.push_back(x.shape[i]);
    }
    for (std::size_t i = 0; i < w.shape.size(); ++i) {
        if (i != b) shape.push_back(w.shape[i]);
    }
    const bool is_number = shape.empty();
    if (is_number) shape = {1};
    tensor::Tensor<T> y(shape);
    std::size_t flat = 0;
    for_each_index(shape, [&](const std::vector<std::int64_t>& index) {
        const auto split = index.begin() + static_cast<std::ptrdiff_t>(x.shape.size() - 1);
        std::vector<std::int64_t> left;
        std::vector<std::int64_t> right;
        if (!is_number) {
            left.assign(index.begin(), split);
            right.assign(split, index.end());
        }
        left.insert(left.begin() + static_cast<std::ptrdiff_t>(a), 0);
        right.insert(right.begin() + static_cast<std::ptrdiff_t>(b), 0);
        T sum = 0;
        for (std::int64_t k = 0; k < x.shape[a]; ++k) {
            left[a] = k;
            right[b] = k;
            sum += element_at(x, left) * element_at(w, right);
        }
        y[flat++] = sum;
    });
    return y;
}

}  // namespace

Result<TensorType> Dot::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 2));
    GW_TRY(const DotPlan plan, plan_dot(inputs[0].shape, inputs[1].shape, axes));
    TensorType out{plan.shape, {}};
    for (const auto& row : plan.left) {
        for (const auto& column : plan.right) {
            Interval sum = Interval::constant(0);
            for (std::size_t k = 0; k < row.size(); ++k) {
                sum = sum + inputs[0].elements[row[k]] * inputs[1].elements[column[k]];
            }
            out.elements.push_back(std::move(sum));
        }
    }
    return out;
}

Values Dot::reference(std::span<const Values> inputs) const {
    return dot_plainly(inputs[0], inputs[1], axes);
}
Reals Dot::real(std::span<const Reals> inputs) const {
    return dot_plainly(inputs[0], inputs[1], axes);
}

std::vector<dfg::ValueId> Dot::lower(model::Lowering& lowering,
                                     std::span<const Operand> inputs) const {
    dfg::Builder& b = lowering.builder;
    const DotPlan plan = plan_dot(inputs[0].type.shape, inputs[1].type.shape, axes).value();
    std::vector<dfg::ValueId> y;
    for (const auto& row : plan.left) {
        for (const auto& column : plan.right) {
            std::vector<dfg::ValueId> products;
            for (std::size_t k = 0; k < row.size(); ++k) {
                products.push_back(b.mul(inputs[0].values[row[k]], inputs[1].values[column[k]]));
            }
            y.push_back(
                balanced_tree(std::move(products), [&](auto p, auto q) { return b.add(p, q); }));
        }
    }
    return y;
}

model::LayerFacts Dot::facts(std::span<const TensorType> inputs) const {
    model::LayerFacts facts;
    if (inputs.size() != 2) return facts;
    const auto plan = plan_dot(inputs[0].shape, inputs[1].shape, axes);
    if (!plan) return facts;
    for (const auto& row : plan->left) {
        for (const auto& column : plan->right) {
            for (std::size_t k = 0; k < row.size(); ++k) {
                facts.ebops +=
                    bits_of(inputs[0].elements[row[k]]) * bits_of(inputs[1].elements[column[k]]);
            }
        }
    }
    return facts;
}

std::string Dot::summary() const {
    return axes.empty() ? "over the last axes"
                        : fmt::format("over axes {}", fmt::join(axes, " and "));
}

std::vector<model::Example> Dot::examples(Rng& rng) {
    std::vector<model::Example> out;
    const std::pair<tensor::Shape, tensor::Shape> shapes[] = {
        {{4}, {4}}, {{2, 3}, {3}}, {{2, 3}, {4, 3}}, {{3, 2}, {2, 3}}, {{2, 3, 2}, {3, 1}}};
    const std::vector<std::int64_t> axes_of[] = {{}, {}, {}, {0, 1}, {1, 0}};
    for (std::size_t i = 0; i < std::size(shapes); ++i) {
        auto layer = std::make_unique<Dot>();
        layer->axes = axes_of[i];
        out.push_back({std::move(layer),
                       {random_type(rng, shapes[i].first), random_type(rng, shapes[i].second)}});
    }
    return out;
}

}  // namespace gatewright::layers
