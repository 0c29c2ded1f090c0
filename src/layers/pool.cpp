// SPDX-License-Identifier: Apache-2.0
#include "layers/pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "layers/ebops.h"
#include "layers/emit.h"
#include "layers/example_types.h"
#include "layers/plain_loops.h"
#include "layers/pool_taps.h"
#include "layers/quotient.h"
#include "layers/separable.h"

namespace gatewright::layers {

using fixed::Cast;
using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

Result<Sliding> PoolWindow::place(const tensor::Shape& input) const {
    WindowAttributes attributes{size, strides, dilation, padding_before, padding_after};
    if (size.empty() && !input.empty()) attributes.size.assign(input.begin(), input.end() - 1);
    if (strides.empty()) attributes.strides = attributes.size;
    GW_TRY(Sliding sliding, place_window(input, attributes));
    for (std::size_t axis = 0; axis < sliding.positions.size(); ++axis) {
        for (std::int64_t p = 0; p < sliding.positions[axis]; ++p) {
            if (count_inside(sliding.window, axis, p) > 0) continue;
            return fail(fmt::format(
                "position {} along axis {} has no tap inside the input: less padding is needed", p,
                axis));
        }
    }
    return sliding;
}

std::string PoolWindow::window_summary() const {
    if (size.empty()) return "global";
    std::string text = "window " + tensor::to_string(size);
    if (!strides.empty() && strides != size) text += ", stride " + tensor::to_string(strides);
    return text;
}

namespace {

tensor::Shape output_shape(const Sliding& sliding, const tensor::Shape& input) {
    tensor::Shape shape = sliding.positions;
    shape.push_back(input.back());
    return shape;
}

std::vector<std::size_t> inside_taps(const Sliding& sliding, std::size_t position) {
    std::vector<std::size_t> out;
    for (const std::int64_t tap : sliding.taps_at(position)) {
        if (tap >= 0) out.push_back(static_cast<std::size_t>(tap));
    }
    return out;
}

// Numbers of the taps inside the input; empty if all are.
std::vector<std::int64_t> partial_taps(const Sliding& sliding, std::size_t position) {
    std::vector<std::int64_t> out;
    const std::vector<std::int64_t> taps = sliding.taps_at(position);
    for (std::size_t t = 0; t < taps.size(); ++t) {
        if (taps[t] >= 0) out.push_back(static_cast<std::int64_t>(t));
    }
    if (out.size() == taps.size()) out.clear();
    return out;
}

// For the references: the elements under the window at one output index, in plain loops.
template <class T>
std::vector<T> elements_under(const PoolWindow& pool, const tensor::Tensor<T>& x,
                              const std::vector<std::int64_t>& index) {
    const std::size_t axes = x.shape.size() - 1;
    tensor::Shape size = pool.size;
    if (size.empty()) size.assign(x.shape.begin(), x.shape.end() - 1);
    std::vector<T> out;
    for_each_index(size, [&](const std::vector<std::int64_t>& tap) {
        std::vector<std::int64_t> at = index;
        for (std::size_t a = 0; a < axes; ++a) {
            const std::int64_t stride = pool.strides.empty() ? size[a] : pool.strides[a];
            const std::int64_t step = pool.dilation.empty() ? 1 : pool.dilation[a];
            at[a] = index[a] * stride + tap[a] * step;
            if (!pool.padding_before.empty()) at[a] -= pool.padding_before[a];
            if (at[a] < 0 || at[a] >= x.shape[a]) return;
        }
        out.push_back(element_at(x, at));
    });
    return out;
}

// The output's shape by the definition: positions are counted until a window reaches past the end.
template <class T>
tensor::Shape shape_by_counting(const PoolWindow& pool, const tensor::Tensor<T>& x) {
    tensor::Shape shape = x.shape;
    for (std::size_t a = 0; a + 1 < shape.size(); ++a) {
        const std::int64_t size = pool.size.empty() ? x.shape[a] : pool.size[a];
        const std::int64_t stride = pool.strides.empty() ? size : pool.strides[a];
        const std::int64_t step = pool.dilation.empty() ? 1 : pool.dilation[a];
        std::int64_t end = x.shape[a];
        if (!pool.padding_before.empty()) end += pool.padding_before[a];
        if (!pool.padding_after.empty()) end += pool.padding_after[a];
        shape[a] = 0;
        while (shape[a] * stride + (size - 1) * step < end) ++shape[a];
    }
    return shape;
}

}  // namespace

Result<TensorType> MaxPool::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    const TensorType& x = inputs[0];
    GW_TRY(const Sliding sliding, place(x.shape));
    const auto channels = static_cast<std::size_t>(x.shape.back());
    TensorType out{output_shape(sliding, x.shape), {}};
    for (std::size_t p = 0; p < sliding.position_count(); ++p) {
        const std::vector<std::size_t> taps = inside_taps(sliding, p);
        for (std::size_t c = 0; c < channels; ++c) {
            Interval range = x.elements[taps[0] * channels + c];
            for (const std::size_t tap : taps) {
                range = fixed::max(range, x.elements[tap * channels + c]);
            }
            out.elements.push_back(std::move(range));
        }
    }
    return out;
}

Values MaxPool::reference(std::span<const Values> inputs) const {
    const Values& x = inputs[0];
    Values y(shape_by_counting(*this, x));
    std::size_t flat = 0;
    for_each_index(y.shape, [&](const std::vector<std::int64_t>& index) {
        const std::vector<Dyadic> under = elements_under(*this, x, index);
        y[flat++] = *std::max_element(under.begin(), under.end());
    });
    return y;
}

Reals MaxPool::real(std::span<const Reals> inputs) const {
    const Reals& x = inputs[0];
    Reals y(shape_by_counting(*this, x));
    std::size_t flat = 0;
    for_each_index(y.shape, [&](const std::vector<std::int64_t>& index) {
        const std::vector<double> under = elements_under(*this, x, index);
        y[flat++] = *std::max_element(under.begin(), under.end());
    });
    return y;
}

std::vector<dfg::ValueId> MaxPool::lower(model::Lowering& lowering,
                                         std::span<const Operand> inputs) const {
    const Sliding sliding = place(inputs[0].type.shape).value();
    dfg::Builder& b = lowering.builder;
    return combine_windows(sliding, inputs[0].values,
                           [&](dfg::ValueId p, dfg::ValueId q) { return b.max(p, q); });
}

std::optional<model::Repetition> MaxPool::repetition(std::span<const TensorType> inputs) const {
    const Sliding sliding = place(inputs[0].shape).value();
    const std::int64_t channels = inputs[0].shape.back();
    return model::Repetition{sliding.positions, {sliding.window}, [=](std::size_t position) {
                                 auto part = std::make_unique<MaxTaps>();
                                 part->channels = channels;
                                 part->taps = partial_taps(sliding, position);
                                 return part;
                             }};
}

std::string MaxPool::summary() const {
    return window_summary();
}

namespace {

Ratio ratio_at(const AveragePool& pool, const Sliding& sliding, std::size_t position) {
    const std::size_t count =
        pool.count_padding ? sliding.tap_count() : inside_taps(sliding, position).size();
    return {pool.scale, static_cast<std::int64_t>(count)};
}

const Cast* type_at(const AveragePool& pool, std::size_t element) {
    if (pool.type.empty()) return nullptr;
    return &pool.type[pool.type.size() == 1 ? 0 : element];
}

Status check_types(const AveragePool& pool, std::size_t outputs) {
    if (pool.sum_type.size() > 1) return fail("takes one sum_type, not one per element");
    if (pool.type.size() > 1 && pool.type.size() != outputs) {
        return fail(
            fmt::format("has {} types for {} elements of the output; give one, or one per "
                        "element",
                        pool.type.size(), outputs));
    }
    return {};
}

}  // namespace

Result<TensorType> AveragePool::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    const TensorType& x = inputs[0];
    GW_TRY(const Sliding sliding, place(x.shape));
    const auto channels = static_cast<std::size_t>(x.shape.back());
    TensorType out{output_shape(sliding, x.shape), {}};
    GW_TRY_STATUS(check_types(*this, sliding.position_count() * channels));
    for (std::size_t p = 0; p < sliding.position_count(); ++p) {
        const std::vector<std::size_t> taps = inside_taps(sliding, p);
        const Ratio ratio = ratio_at(*this, sliding, p);
        for (std::size_t c = 0; c < channels; ++c) {
            std::optional<Interval> sum;
            for (const std::size_t tap : taps) add_term(sum, x.elements[tap * channels + c]);
            const Cast* to = type_at(*this, p * channels + c);
            GW_TRY(Interval mean, mean_range(*sum, ratio, sum_type, to));
            out.elements.push_back(std::move(mean));
        }
    }
    return out;
}

Values AveragePool::reference(std::span<const Values> inputs) const {
    const Values& x = inputs[0];
    Values y(shape_by_counting(*this, x));
    std::int64_t taps = 1;
    for (std::size_t a = 0; a + 1 < x.shape.size(); ++a)
        taps *= size.empty() ? x.shape[a] : size[a];
    std::size_t flat = 0;
    for_each_index(y.shape, [&](const std::vector<std::int64_t>& index) {
        const std::vector<Dyadic> under = elements_under(*this, x, index);
        Dyadic sum;
        for (const Dyadic& value : under) sum += value;
        if (!sum_type.empty()) sum = cast_value(sum, sum_type[0]);
        const Ratio ratio{scale, count_padding ? taps : static_cast<std::int64_t>(under.size())};
        y[flat] = type.empty()
                      ? sum * exact_factor(ratio).value()
                      : quotient_value(sum, ratio, type.size() == 1 ? type[0] : type[flat]);
        ++flat;
    });
    return y;
}

Reals AveragePool::real(std::span<const Reals> inputs) const {
    const Reals& x = inputs[0];
    Reals y(shape_by_counting(*this, x));
    double taps = 1;
    for (std::size_t a = 0; a + 1 < x.shape.size(); ++a) {
        taps *= static_cast<double>(size.empty() ? x.shape[a] : size[a]);
    }
    std::size_t flat = 0;
    for_each_index(y.shape, [&](const std::vector<std::int64_t>& index) {
        const std::vector<double> under = elements_under(*this, x, index);
        double sum = 0;
        for (const double value : under) sum += value;
        const double count = count_padding ? taps : static_cast<double>(under.size());
        y[flat++] = sum * scale.to_double() / count;
    });
    return y;
}

std::vector<dfg::ValueId> AveragePool::lower(model::Lowering& lowering,
                                             std::span<const Operand> inputs) const {
    const Sliding sliding = place(inputs[0].type.shape).value();
    dfg::Builder& b = lowering.builder;
    std::vector<dfg::ValueId> y = combine_windows(
        sliding, inputs[0].values, [&](dfg::ValueId p, dfg::ValueId q) { return b.add(p, q); });
    const std::size_t channels = y.size() / sliding.position_count();
    for (std::size_t i = 0; i < y.size(); ++i) {
        const Ratio ratio = ratio_at(*this, sliding, i / channels);
        y[i] = emit_mean(lowering, y[i], ratio, sum_type, type_at(*this, i));
    }
    return y;
}

std::optional<model::Repetition> AveragePool::repetition(std::span<const TensorType> inputs) const {
    const Sliding sliding = place(inputs[0].shape).value();
    const std::int64_t channels = inputs[0].shape.back();
    return model::Repetition{
        sliding.positions, {sliding.window}, [=, pool = *this](std::size_t position) {
            auto part = std::make_unique<AverageTaps>();
            const Ratio ratio = ratio_at(pool, sliding, position);
            part->channels = channels;
            part->divisor = ratio.divisor;
            part->scale = ratio.scale;
            part->sum_type = pool.sum_type;
            if (!pool.count_padding) part->taps = partial_taps(sliding, position);
            part->type = pool.type;
            if (pool.type.size() > 1) {
                const auto first =
                    pool.type.begin() + static_cast<std::ptrdiff_t>(position) * channels;
                part->type.assign(first, first + channels);
            }
            return part;
        }};
}

model::LayerFacts AveragePool::facts(std::span<const TensorType> inputs) const {
    model::LayerFacts facts;
    if (!infer(inputs)) return facts;
    const Sliding sliding = place(inputs[0].shape).value();
    const auto channels = static_cast<std::size_t>(inputs[0].shape.back());
    for (std::size_t p = 0; p < sliding.position_count(); ++p) {
        const std::vector<std::size_t> taps = inside_taps(sliding, p);
        for (std::size_t c = 0; c < channels; ++c) {
            std::vector<Interval> x;
            for (const std::size_t tap : taps) x.push_back(inputs[0].elements[tap * channels + c]);
            facts.ebops += sum_ebops(x);
        }
    }
    return facts;
}

std::string AveragePool::summary() const {
    std::string text = window_summary();
    if (type.size() == 1) text += ", rounded to " + to_string(type[0]);
    if (type.size() > 1) text += fmt::format(", rounded to {} types", type.size());
    return text;
}

namespace {

// Windows of every kind: apart, overlapping, with gaps, dilated, padded, global; on one, two and
// three axes.
struct PoolCase {
    tensor::Shape input;
    PoolWindow window;
};

std::vector<PoolCase> pool_cases() {
    return {
        {{6, 2}, {{2}, {}, {}, {}, {}}},
        {{5, 1}, {{3}, {1}, {}, {}, {}}},
        {{7, 2}, {{2}, {3}, {}, {}, {}}},
        {{6, 2}, {{3}, {2}, {}, {1}, {1}}},
        {{7, 1}, {{3}, {1}, {2}, {}, {}}},
        {{4, 4, 2}, {{2, 2}, {}, {}, {}, {}}},
        {{3, 3, 1}, {{3, 3}, {1, 1}, {}, {1, 1}, {1, 1}}},
        {{3, 5, 1}, {{2, 3}, {1, 2}, {1, 1}, {0, 1}, {1, 1}}},
        {{2, 3, 3}, {}},
        {{5, 2}, {}},
        {{2, 2, 3, 1}, {{2, 1, 3}, {}, {}, {}, {}}},
    };
}

}  // namespace

std::vector<model::Example> MaxPool::examples(Rng& rng) {
    std::vector<model::Example> out;
    for (const PoolCase& c : pool_cases()) {
        auto layer = std::make_unique<MaxPool>();
        static_cast<PoolWindow&>(*layer) = c.window;
        out.push_back({std::move(layer), {random_type(rng, c.input)}});
    }
    auto layer = std::make_unique<MaxPool>();
    layer->size = {2};
    out.push_back({std::move(layer), {wide_type({2, 1}, 1000)}});
    return out;
}

std::vector<model::Example> AveragePool::examples(Rng& rng) {
    std::vector<model::Example> out;
    const std::vector<PoolCase> cases = pool_cases();
    for (int i = 0; i < 4 * static_cast<int>(cases.size()); ++i) {
        const PoolCase& c = cases[static_cast<std::size_t>(i) % cases.size()];
        auto layer = std::make_unique<AveragePool>();
        static_cast<PoolWindow&>(*layer) = c.window;
        layer->count_padding = rng.chance(0.5);
        if (rng.chance(0.3)) layer->scale = random_weight(rng);
        if (rng.chance(0.3)) layer->sum_type = {random_cast(rng)};
        layer->type = {random_cast(rng)};
        layer->type[0].round = static_cast<fixed::Round>(i % 7);
        const TensorType x = random_type(rng, c.input);
        const std::size_t outputs = layer->infer(std::span(&x, 1)).value().elements.size();
        if (i % 3 == 0) {
            while (layer->type.size() < outputs) layer->type.push_back(random_cast(rng));
        }
        out.push_back({std::move(layer), {x}});
    }
    // Exact quotients without a type: a power of two, and a scale that the divisor divides.
    for (const std::int64_t size : {4, 3}) {
        auto layer = std::make_unique<AveragePool>();
        layer->size = {size};
        layer->strides = {1};
        if (size == 3) layer->scale = Dyadic(3 * 85, -8);
        out.push_back({std::move(layer), {random_type(rng, {6, 2})}});
    }
    for (const int width : {100, 1000}) {
        auto layer = std::make_unique<AveragePool>();
        layer->size = {3};
        layer->type = {{{true, 80, width / 2}, fixed::Round::kRndConv, fixed::Overflow::kSat, 0}};
        out.push_back({std::move(layer), {wide_type({3, 2}, width)}});
    }
    return out;
}

}  // namespace gatewright::layers
