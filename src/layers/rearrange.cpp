// SPDX-License-Identifier: Apache-2.0
#include "layers/rearrange.h"

#include <fmt/format.h>

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

constexpr std::int64_t kMost = std::int64_t{1} << 24;

Status expect_between(std::int64_t value, std::int64_t least, std::string_view what) {
    if (value >= least && value <= kMost) return {};
    return fail(fmt::format("{} is {}; expected {} to {}", what, value, least, kMost));
}

Result<AxisMap> pad_sources(std::int64_t n, std::int64_t before, std::int64_t after) {
    GW_TRY_STATUS(expect_between(before, 0, "padding before"));
    GW_TRY_STATUS(expect_between(after, 0, "padding after"));
    AxisMap map(static_cast<std::size_t>(before), -1);
    for (std::int64_t i = 0; i < n; ++i) map.push_back(i);
    map.resize(static_cast<std::size_t>(before + n + after), -1);
    return map;
}

Result<AxisMap> crop_sources(std::int64_t n, std::int64_t before, std::int64_t after) {
    GW_TRY_STATUS(expect_between(before, 0, "elements to drop at the start"));
    GW_TRY_STATUS(expect_between(after, 0, "elements to drop at the end"));
    if (before + after >= n) {
        return fail(
            fmt::format("drops {} and {} elements of an axis that has {}", before, after, n));
    }
    AxisMap map;
    for (std::int64_t i = before; i < n - after; ++i) map.push_back(i);
    return map;
}

Result<AxisMap> upsample_sources(std::int64_t n, std::int64_t size, std::int64_t) {
    GW_TRY_STATUS(expect_between(size, 1, "the number of copies"));
    GW_TRY_STATUS(expect_between(n * size, 1, "the size of an axis"));
    AxisMap map;
    for (std::int64_t o = 0; o < n * size; ++o) map.push_back(o / size);
    return map;
}

Result<AxisMap> insert_sources(std::int64_t n, std::int64_t stride, std::int64_t) {
    GW_TRY_STATUS(expect_between(stride, 1, "the stride"));
    GW_TRY_STATUS(expect_between(n * stride, 1, "the size of an axis"));
    AxisMap map;
    for (std::int64_t o = 0; o <= (n - 1) * stride; ++o) {
        map.push_back(o % stride == 0 ? o / stride : -1);
    }
    return map;
}

using Targets = std::vector<std::int64_t>;

Targets upsample_targets(std::int64_t i, std::int64_t, std::int64_t size, std::int64_t) {
    Targets out;
    for (std::int64_t copy = 0; copy < size; ++copy) out.push_back(i * size + copy);
    return out;
}

Targets crop_targets(std::int64_t i, std::int64_t n, std::int64_t before, std::int64_t after) {
    return i < before || i >= n - after ? Targets{} : Targets{i - before};
}

}  // namespace

const AxisRule& zero_pad_rule() {
    static const AxisRule kRule = {
        &pad_sources,
        [](std::int64_t i, std::int64_t, std::int64_t before, std::int64_t) {
            return Targets{i + before};
        },
        [](std::int64_t n, std::int64_t before, std::int64_t after) { return before + n + after; },
        0};
    return kRule;
}

const AxisRule& crop_rule() {
    static const AxisRule kRule = {
        &crop_sources, &crop_targets,
        [](std::int64_t n, std::int64_t before, std::int64_t after) { return n - before - after; },
        0};
    return kRule;
}

const AxisRule& upsample_rule() {
    static const AxisRule kRule = {
        &upsample_sources, &upsample_targets,
        [](std::int64_t n, std::int64_t size, std::int64_t) { return n * size; }, 1};
    return kRule;
}

const AxisRule& insert_zeros_rule() {
    static const AxisRule kRule = {
        &insert_sources,
        [](std::int64_t i, std::int64_t, std::int64_t stride, std::int64_t) {
            return Targets{i * stride};
        },
        [](std::int64_t n, std::int64_t stride, std::int64_t) { return (n - 1) * stride + 1; }, 1};
    return kRule;
}

namespace {

std::int64_t number_at(std::span<const std::int64_t> list, std::size_t axis, std::int64_t neutral) {
    return axis < list.size() ? list[axis] : neutral;
}

struct Sources {
    tensor::Shape shape;
    std::vector<std::int64_t> of;  // per output element
};

Result<Sources> find_sources(const AxisPlan& plan, const tensor::Shape& input) {
    if (std::max(plan.first.size(), plan.second.size()) > input.size()) {
        return fail(fmt::format("has numbers for {} axes, the input has shape {}",
                                std::max(plan.first.size(), plan.second.size()),
                                tensor::to_string(input)));
    }
    std::vector<AxisMap> maps;
    Sources out;
    for (std::size_t axis = 0; axis < input.size(); ++axis) {
        const std::int64_t neutral = plan.rule.neutral;
        GW_TRY(AxisMap map, plan.rule.sources(input[axis], number_at(plan.first, axis, neutral),
                                              number_at(plan.second, axis, neutral)));
        out.shape.push_back(static_cast<std::int64_t>(map.size()));
        GW_TRY_STATUS(expect_reasonable(out.shape));
        maps.push_back(std::move(map));
    }
    out.of = {0};
    for (std::size_t axis = 0; axis < input.size(); ++axis) {
        std::vector<std::int64_t> next;
        next.reserve(out.of.size() * maps[axis].size());
        for (const std::int64_t lead : out.of) {
            for (const std::int64_t at : maps[axis]) {
                next.push_back(lead < 0 || at < 0 ? -1 : lead * input[axis] + at);
            }
        }
        out.of = std::move(next);
    }
    return out;
}

// Every input element put where it belongs, into a tensor of zeros.
template <class T>
tensor::Tensor<T> scatter(const AxisPlan& plan, const tensor::Tensor<T>& x) {
    const auto first = [&](std::size_t a) { return number_at(plan.first, a, plan.rule.neutral); };
    const auto second = [&](std::size_t a) { return number_at(plan.second, a, plan.rule.neutral); };
    tensor::Shape shape;
    for (std::size_t a = 0; a < x.shape.size(); ++a) {
        shape.push_back(plan.rule.size(x.shape[a], first(a), second(a)));
    }
    tensor::Tensor<T> y(shape);
    for_each_index(x.shape, [&](const std::vector<std::int64_t>& index) {
        std::vector<Targets> targets;
        tensor::Shape counts;
        for (std::size_t a = 0; a < index.size(); ++a) {
            targets.push_back(plan.rule.targets(index[a], x.shape[a], first(a), second(a)));
            counts.push_back(static_cast<std::int64_t>(targets.back().size()));
        }
        for_each_index(counts, [&](const std::vector<std::int64_t>& choice) {
            std::vector<std::int64_t> to;
            for (std::size_t a = 0; a < choice.size(); ++a) {
                to.push_back(targets[a][static_cast<std::size_t>(choice[a])]);
            }
            y[flat_index(shape, to)] = element_at(x, index);
        });
    });
    return y;
}

}  // namespace

Result<TensorType> infer_axes(const AxisPlan& plan, std::span<const TensorType> inputs) {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    GW_TRY(const Sources sources, find_sources(plan, inputs[0].shape));
    TensorType out{sources.shape, {}};
    out.elements.reserve(sources.of.size());
    for (const std::int64_t source : sources.of) {
        out.elements.push_back(source < 0 ? Interval::constant(0)
                                          : inputs[0].elements[static_cast<std::size_t>(source)]);
    }
    return out;
}

Values reference_axes(const AxisPlan& plan, std::span<const Values> inputs) {
    return scatter(plan, inputs[0]);
}

Reals real_axes(const AxisPlan& plan, std::span<const Reals> inputs) {
    return scatter(plan, inputs[0]);
}

std::vector<dfg::ValueId> lower_axes(const AxisPlan& plan, model::Lowering& lowering,
                                     std::span<const Operand> inputs) {
    std::vector<dfg::ValueId> y;
    for (const std::int64_t source : rearranged_axes(plan, inputs[0].type.shape)) {
        y.push_back(source < 0 ? lowering.builder.constant(0)
                               : inputs[0].values[static_cast<std::size_t>(source)]);
    }
    return y;
}

std::vector<std::int64_t> rearranged_axes(const AxisPlan& plan, const tensor::Shape& input) {
    return find_sources(plan, input).value().of;
}

std::string ZeroPad::summary() const {
    return fmt::format("{} before, {} after", tensor::to_string(before), tensor::to_string(after));
}
std::string Crop::summary() const {
    return fmt::format("{} from the start, {} from the end", tensor::to_string(before),
                       tensor::to_string(after));
}
std::string Upsample::summary() const {
    return "times " + tensor::to_string(size);
}
std::string InsertZeros::summary() const {
    return "stride " + tensor::to_string(strides);
}

namespace {

template <class L, class SetNumbers>
void add_example(std::vector<model::Example>& out, Rng& rng, const tensor::Shape& shape,
                 SetNumbers set_numbers) {
    auto layer = std::make_unique<L>();
    set_numbers(*layer);
    out.push_back({std::move(layer), {random_type(rng, shape)}});
}

}  // namespace

std::vector<model::Example> ZeroPad::examples(Rng& rng) {
    std::vector<model::Example> out;
    add_example<ZeroPad>(out, rng, {3}, [](ZeroPad& l) { l.after = {2}; });
    add_example<ZeroPad>(out, rng, {3, 2}, [](ZeroPad& l) { l.before = {1}; });
    add_example<ZeroPad>(out, rng, {2, 3, 2}, [](ZeroPad& l) {
        l.before = {1, 0};
        l.after = {0, 2};
    });
    add_example<ZeroPad>(out, rng, {2, 2}, [](ZeroPad& l) { l.before = {0, 1}; });
    return out;
}

std::vector<model::Example> Crop::examples(Rng& rng) {
    std::vector<model::Example> out;
    add_example<Crop>(out, rng, {4}, [](Crop& l) { l.after = {3}; });
    add_example<Crop>(out, rng, {4, 2}, [](Crop& l) { l.before = {1}; });
    add_example<Crop>(out, rng, {4, 4, 2}, [](Crop& l) {
        l.before = {1, 0};
        l.after = {0, 2};
    });
    add_example<Crop>(out, rng, {2, 3}, [](Crop& l) {
        l.before = {0, 1};
        l.after = {0, 1};
    });
    return out;
}

std::vector<model::Example> Upsample::examples(Rng& rng) {
    std::vector<model::Example> out;
    add_example<Upsample>(out, rng, {3}, [](Upsample& l) { l.size = {2}; });
    add_example<Upsample>(out, rng, {3, 2}, [](Upsample& l) { l.size = {3}; });
    add_example<Upsample>(out, rng, {2, 2, 2}, [](Upsample& l) { l.size = {2, 3}; });
    add_example<Upsample>(out, rng, {2, 2}, [](Upsample& l) { l.size = {1, 2}; });
    return out;
}

std::vector<model::Example> InsertZeros::examples(Rng& rng) {
    std::vector<model::Example> out;
    add_example<InsertZeros>(out, rng, {3}, [](InsertZeros& l) { l.strides = {2}; });
    add_example<InsertZeros>(out, rng, {3, 2}, [](InsertZeros& l) { l.strides = {3}; });
    add_example<InsertZeros>(out, rng, {2, 3, 2}, [](InsertZeros& l) { l.strides = {2, 1}; });
    add_example<InsertZeros>(out, rng, {1, 2}, [](InsertZeros& l) { l.strides = {2, 2}; });
    return out;
}

}  // namespace gatewright::layers
