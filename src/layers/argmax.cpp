// SPDX-License-Identifier: Apache-2.0
#include "layers/argmax.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/emit.h"
#include "layers/example_types.h"
#include "layers/plain_loops.h"
#include "layers/pointwise.h"
#include "layers/shapes.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

namespace {

struct Entry {
    dfg::ValueId value;
    dfg::ValueId index;
};

// The later element wins only if it is strictly larger: the first of equals is kept.
Entry better_of_two(dfg::Builder& b, const Entry& first, const Entry& second) {
    const dfg::ValueId later = b.less(first.value, second.value);
    return {b.max(first.value, second.value), b.select(later, second.index, first.index)};
}

// Every pair is compared at once, so that one LUT per bit takes the value out of three: that is
// less than two comparisons with a choice behind each (measured: docs/passes.md), and one step
// instead of two. If the third does not win, it says nothing about the other two.
Entry best_of_three(dfg::Builder& b, const Entry& first, const Entry& second, const Entry& third) {
    const Entry two = better_of_two(b, first, second);
    const dfg::ValueId is_third =
        b.bit_and(b.less(first.value, third.value), b.less(second.value, third.value));
    return {b.select(is_third, third.value, two.value), b.select(is_third, third.index, two.index)};
}

// Rounds of threes, those left over go on to the next round. The value of the last winner is read
// by nobody and never made into hardware.
dfg::ValueId emit_argmax(dfg::Builder& b, const std::vector<dfg::ValueId>& x) {
    std::vector<Entry> entries;
    for (std::size_t i = 0; i < x.size(); ++i) {
        entries.push_back({x[i], b.constant(Dyadic(static_cast<int>(i)))});
    }
    while (entries.size() > 2) {
        std::vector<Entry> next;
        std::size_t i = 0;
        for (; i + 2 < entries.size(); i += 3) {
            next.push_back(best_of_three(b, entries[i], entries[i + 1], entries[i + 2]));
        }
        for (; i < entries.size(); ++i) next.push_back(entries[i]);
        entries = std::move(next);
    }
    return entries.size() == 1 ? entries[0].index : better_of_two(b, entries[0], entries[1]).index;
}

// An element can be the first largest if it can exceed all before it and equal all after it.
std::vector<std::size_t> possible_winners(const TensorType& x,
                                          const std::vector<std::size_t>& line) {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const Dyadic top = x.elements[line[i]].max();
        bool can_win = true;
        for (std::size_t j = 0; j < line.size(); ++j) {
            const Dyadic least = x.elements[line[j]].min();
            if (j < i ? least >= top : least > top) can_win = false;
        }
        if (can_win) out.push_back(i);
    }
    return out;
}

template <class T>
std::int64_t first_largest(const tensor::Tensor<T>& x, std::vector<std::int64_t> index,
                           std::size_t along) {
    std::int64_t best = 0;
    for (std::int64_t i = 1; i < x.shape[along]; ++i) {
        index[along] = i;
        const T candidate = element_at(x, index);
        index[along] = best;
        if (candidate > element_at(x, index)) best = i;
    }
    return best;
}

template <class T>
tensor::Tensor<T> argmax_plainly(const tensor::Tensor<T>& x, const Argmax& layer) {
    const std::size_t along = axis_of(layer.axis, x.shape);
    tensor::Tensor<T> y(x.shape);
    if (!layer.one_hot) {
        y.shape[along] = 1;
        y.data.resize(tensor::element_count(y.shape));
    }
    std::size_t flat = 0;
    for_each_index(y.shape, [&](const std::vector<std::int64_t>& index) {
        const std::int64_t best = first_largest(x, index, along);
        y[flat++] = layer.one_hot ? T(index[along] == best ? 1 : 0) : T(static_cast<int>(best));
    });
    const bool drops_axis = !layer.one_hot && !layer.keep_axis;
    if (drops_axis) y.shape.erase(y.shape.begin() + static_cast<std::ptrdiff_t>(along));
    return y;
}

}  // namespace

Result<TensorType> Argmax::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    const TensorType& x = inputs[0];
    GW_TRY(const std::size_t along, resolve_axis(axis, x.shape));
    TensorType out;
    out.shape =
        one_hot ? x.shape
                : without_axis(x.shape, along, keep_axis ? AxisFate::kKept : AxisFate::kRemoved);
    out.elements.resize(tensor::element_count(out.shape));
    std::size_t next = 0;
    for (const auto& line : lines_along(x.shape, along)) {
        const auto winners = possible_winners(x, line);
        if (!one_hot) {
            out.elements[next++] = {static_cast<std::int64_t>(winners.front()),
                                    static_cast<std::int64_t>(winners.back()), 0};
            continue;
        }
        for (const std::size_t i : winners)
            out.elements[line[i]] = {winners.size() == 1 ? 1 : 0, 1, 0};
    }
    return out;
}

Values Argmax::reference(std::span<const Values> inputs) const {
    return argmax_plainly(inputs[0], *this);
}
Reals Argmax::real(std::span<const Reals> inputs) const {
    return argmax_plainly(inputs[0], *this);
}

std::vector<dfg::ValueId> Argmax::lower(model::Lowering& lowering,
                                        std::span<const Operand> inputs) const {
    dfg::Builder& b = lowering.builder;
    const Operand& x = inputs[0];
    std::vector<dfg::ValueId> y(one_hot ? x.values.size() : 0);
    for (const auto& line : lines_along(x.type.shape, resolve_axis(axis, x.type.shape).value())) {
        std::vector<dfg::ValueId> values;
        for (const std::size_t i : line) values.push_back(x.values[i]);
        const dfg::ValueId index = emit_argmax(b, values);
        if (!one_hot) {
            y.push_back(index);
            continue;
        }
        for (std::size_t i = 0; i < line.size(); ++i) {
            y[line[i]] = b.equal(index, b.constant(Dyadic(static_cast<int>(i))));
        }
    }
    return y;
}

// Without its axis the result has no channels to give per position.
std::optional<model::Repetition> Argmax::repetition(std::span<const TensorType> inputs) const {
    if (!one_hot && !keep_axis) return std::nullopt;
    return line_repetition(inputs, *this);
}

std::string Argmax::summary() const {
    return fmt::format("{} along axis {}", one_hot ? "one-hot" : "index", axis);
}

std::vector<model::Example> Argmax::examples(Rng& rng) {
    std::vector<model::Example> out;
    const tensor::Shape shapes[] = {{5}, {1}, {2, 3}, {3, 2}, {2, 2, 3}, {7}};
    const std::int64_t axes[] = {-1, 0, 1, 0, 1, -1};
    for (std::size_t i = 0; i < std::size(shapes); ++i) {
        for (unsigned options = 0; options < 3; ++options) {
            auto layer = std::make_unique<Argmax>();
            layer->axis = axes[i];
            layer->keep_axis = options == 1;
            layer->one_hot = options == 2;
            TensorType x = random_type(rng, shapes[i]);
            // Few codes: ties are common.
            if (options != 1)
                std::fill(x.elements.begin(), x.elements.end(), Interval::of({true, 2, 1}));
            out.push_back({std::move(layer), {std::move(x)}});
        }
    }
    return out;
}

}  // namespace gatewright::layers
