// SPDX-License-Identifier: Apache-2.0
#include "layers/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "layers/ebops.h"
#include "layers/emit.h"
#include "layers/example_types.h"
#include "layers/plain_loops.h"
#include "layers/shapes.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

namespace {

double sum_bits(std::span<const double> bits) {
    double sum = 0;
    for (const double b : bits) sum += b;
    return sum;
}
double add_ebops(std::span<const double> bits) {
    return 0.65 * (sum_bits(bits) - *std::min_element(bits.begin(), bits.end()));
}
double widest_ebops(std::span<const double> bits) {
    return *std::max_element(bits.begin(), bits.end());
}
double product_ebops(std::span<const double> bits) {
    double product = 1;
    for (const double b : bits) product *= b;
    return product;
}

}  // namespace

const ElementwiseRule& add_rule() {
    static const ElementwiseRule kRule = {
        true,
        [](const Interval& a, const Interval& b) { return a + b; },
        [](const Dyadic& a, const Dyadic& b) { return a + b; },
        [](double a, double b) { return a + b; },
        [](dfg::Builder& builder, dfg::ValueId a, dfg::ValueId b) { return builder.add(a, b); },
        add_ebops};
    return kRule;
}

const ElementwiseRule& subtract_rule() {
    static const ElementwiseRule kRule = {
        false,
        [](const Interval& a, const Interval& b) { return a - b; },
        [](const Dyadic& a, const Dyadic& b) { return a - b; },
        [](double a, double b) { return a - b; },
        [](dfg::Builder& builder, dfg::ValueId a, dfg::ValueId b) { return builder.sub(a, b); },
        widest_ebops};
    return kRule;
}

const ElementwiseRule& multiply_rule() {
    static const ElementwiseRule kRule = {
        true,
        [](const Interval& a, const Interval& b) { return a * b; },
        [](const Dyadic& a, const Dyadic& b) { return a * b; },
        [](double a, double b) { return a * b; },
        [](dfg::Builder& builder, dfg::ValueId a, dfg::ValueId b) { return builder.mul(a, b); },
        product_ebops};
    return kRule;
}

const ElementwiseRule& maximum_rule() {
    static const ElementwiseRule kRule = {
        true,
        [](const Interval& a, const Interval& b) { return fixed::max(a, b); },
        [](const Dyadic& a, const Dyadic& b) { return a < b ? b : a; },
        [](double a, double b) { return std::max(a, b); },
        [](dfg::Builder& builder, dfg::ValueId a, dfg::ValueId b) { return builder.max(a, b); },
        widest_ebops};
    return kRule;
}

const ElementwiseRule& minimum_rule() {
    static const ElementwiseRule kRule = {
        true,
        [](const Interval& a, const Interval& b) { return fixed::min(a, b); },
        [](const Dyadic& a, const Dyadic& b) { return b < a ? b : a; },
        [](double a, double b) { return std::min(a, b); },
        [](dfg::Builder& builder, dfg::ValueId a, dfg::ValueId b) { return builder.min(a, b); },
        widest_ebops};
    return kRule;
}

Result<TensorType> infer_elementwise(const ElementwiseRule& rule,
                                     std::span<const TensorType> inputs) {
    if (inputs.size() < 2 || (!rule.takes_many && inputs.size() != 2)) {
        return fail(fmt::format("has {} inputs, expected {}", inputs.size(),
                                rule.takes_many ? "two or more" : "two"));
    }
    tensor::Shape shape = inputs[0].shape;
    for (const TensorType& input : inputs.subspan(1)) {
        GW_TRY(shape, broadcast_shapes(shape, input.shape));
    }
    TensorType out{shape, {}};
    for (const TensorType& input : inputs) {
        const auto map = broadcast_map(input.shape, shape);
        const bool first = out.elements.empty();
        for (std::size_t i = 0; i < map.size(); ++i) {
            if (first) {
                out.elements.push_back(input.elements[map[i]]);
            } else {
                out.elements[i] = rule.range(out.elements[i], input.elements[map[i]]);
            }
        }
    }
    return out;
}

namespace {

// The result's shape, found the plain way: the longest shape, grown where another one is larger.
template <class T>
tensor::Shape common_shape(std::span<const tensor::Tensor<T>> inputs) {
    tensor::Shape shape;
    for (const auto& input : inputs) {
        if (input.shape.size() > shape.size())
            shape.insert(shape.begin(), input.shape.size() - shape.size(), 1);
        const std::size_t lead = shape.size() - input.shape.size();
        for (std::size_t axis = 0; axis < input.shape.size(); ++axis) {
            shape[lead + axis] = std::max(shape[lead + axis], input.shape[axis]);
        }
    }
    return shape;
}

template <class T, class Combine>
tensor::Tensor<T> fold_elements(std::span<const tensor::Tensor<T>> inputs, Combine combine) {
    tensor::Tensor<T> y(common_shape(inputs));
    std::size_t flat = 0;
    for_each_index(y.shape, [&](const std::vector<std::int64_t>& index) {
        T value = broadcast_at(inputs[0], index);
        for (const auto& input : inputs.subspan(1))
            value = combine(value, broadcast_at(input, index));
        y[flat++] = value;
    });
    return y;
}

}  // namespace

Values reference_elementwise(const ElementwiseRule& rule, std::span<const Values> inputs) {
    return fold_elements(inputs, rule.value);
}

Reals real_elementwise(const ElementwiseRule& rule, std::span<const Reals> inputs) {
    return fold_elements(inputs, rule.real);
}

std::vector<dfg::ValueId> lower_elementwise(const ElementwiseRule& rule, dfg::Builder& builder,
                                            std::span<const Operand> inputs) {
    tensor::Shape shape;
    for (const Operand& input : inputs) shape = broadcast_shapes(shape, input.type.shape).value();
    std::vector<std::vector<std::size_t>> maps;
    for (const Operand& input : inputs) maps.push_back(broadcast_map(input.type.shape, shape));
    std::vector<dfg::ValueId> y;
    for (std::size_t i = 0; i < tensor::element_count(shape); ++i) {
        std::vector<dfg::ValueId> terms;
        for (std::size_t n = 0; n < inputs.size(); ++n)
            terms.push_back(inputs[n].values[maps[n][i]]);
        y.push_back(balanced_tree(std::move(terms), [&](dfg::ValueId a, dfg::ValueId b) {
            return rule.emit(builder, a, b);
        }));
    }
    return y;
}

model::LayerFacts elementwise_facts(const ElementwiseRule& rule,
                                    std::span<const TensorType> inputs) {
    model::LayerFacts facts;
    const auto type = infer_elementwise(rule, inputs);
    if (!type) return facts;
    std::vector<std::vector<std::size_t>> maps;
    for (const TensorType& input : inputs) maps.push_back(broadcast_map(input.shape, type->shape));
    std::vector<double> bits(inputs.size());
    for (std::size_t i = 0; i < type->elements.size(); ++i) {
        for (std::size_t n = 0; n < inputs.size(); ++n)
            bits[n] = bits_of(inputs[n].elements[maps[n][i]]);
        facts.ebops += rule.ebops(bits);
    }
    return facts;
}

std::vector<std::vector<TensorType>> elementwise_example_inputs(const ElementwiseRule& rule,
                                                                Rng& rng) {
    std::vector<std::vector<TensorType>> out;
    const auto add = [&](std::initializer_list<tensor::Shape> shapes) {
        std::vector<TensorType>& inputs = out.emplace_back();
        for (const tensor::Shape& shape : shapes) inputs.push_back(random_type(rng, shape));
    };
    add({{3, 2}, {3, 2}});
    add({{2, 1, 3}, {4, 1}});
    add({{3}, {1}});
    add({{}, {2}});
    if (rule.takes_many) {
        add({{2, 2}, {2}, {2, 1}});
        add({{2}, {2}, {2}, {2}, {2}});
    }
    out.push_back({wide_type({2}, 100), wide_type({2}, 1000)});
    return out;
}

namespace {

// The exponent of a power of two; nullopt for other counts.
std::optional<int> log2_exact(std::size_t count) {
    int exponent = 0;
    while ((std::size_t{1} << exponent) < count) ++exponent;
    if ((std::size_t{1} << exponent) != count) return std::nullopt;
    return exponent;
}

}  // namespace

Result<TensorType> Average::infer(std::span<const TensorType> inputs) const {
    const auto exponent = log2_exact(inputs.size());
    if (!exponent) {
        return fail(fmt::format(
            "averages {} inputs; only 2, 4, 8 ... can be divided exactly. Use 'add' and an "
            "'affine' layer with a factor of your choice, or quantize after it",
            inputs.size()));
    }
    GW_TRY(TensorType out, infer_elementwise(add_rule(), inputs));
    for (Interval& range : out.elements) range = {range.lo, range.hi, range.frac + *exponent};
    return out;
}

Values Average::reference(std::span<const Values> inputs) const {
    Values y = reference_elementwise(add_rule(), inputs);
    for (std::size_t count = inputs.size(); count > 1; count /= 2) {
        for (Dyadic& value : y.data) value = value.shifted(-1);
    }
    return y;
}

Reals Average::real(std::span<const Reals> inputs) const {
    Reals y = real_elementwise(add_rule(), inputs);
    for (double& value : y.data) value /= static_cast<double>(inputs.size());
    return y;
}

std::vector<dfg::ValueId> Average::lower(model::Lowering& lowering,
                                         std::span<const Operand> inputs) const {
    std::vector<dfg::ValueId> y = lower_elementwise(add_rule(), lowering.builder, inputs);
    for (dfg::ValueId& value : y)
        value = lowering.builder.scaled(value, -log2_exact(inputs.size()).value());
    return y;
}

model::LayerFacts Average::facts(std::span<const TensorType> inputs) const {
    return elementwise_facts(add_rule(), inputs);
}

std::vector<model::Example> Average::examples(Rng& rng) {
    std::vector<model::Example> out;
    for (const std::size_t count : {2U, 4U, 8U}) {
        std::vector<TensorType> inputs;
        for (std::size_t i = 0; i < count; ++i) {
            inputs.push_back(random_type(rng, i % 2 == 0 ? tensor::Shape{2, 3} : tensor::Shape{3}));
        }
        out.push_back({std::make_unique<Average>(), std::move(inputs)});
    }
    return out;
}

}  // namespace gatewright::layers
