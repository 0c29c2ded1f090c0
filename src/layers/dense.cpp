// SPDX-License-Identifier: Apache-2.0
#include "layers/dense.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/ebops.h"
#include "layers/emit.h"
#include "layers/example_types.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

Result<TensorType> Dense::infer(std::span<const TensorType> inputs_) const {
    GW_TRY_STATUS(expect_inputs(inputs_, 1));
    const TensorType& x = inputs_[0];
    if (kernel.shape.size() != 2) {
        return fail(fmt::format("kernel has shape {}, expected [inputs, outputs]",
                                tensor::to_string(kernel.shape)));
    }
    if (x.shape.empty() || x.shape.back() != kernel.shape[0]) {
        return fail(
            fmt::format("kernel {} does not fit the input {}: its first size must be the input's "
                        "last",
                        tensor::to_string(kernel.shape), tensor::to_string(x.shape)));
    }
    if (!bias.empty() && bias.size() != outputs()) {
        return fail(fmt::format("has {} biases for {} outputs", bias.size(), outputs()));
    }
    if (!kernel_bits.empty() && kernel_bits.size() != kernel.size()) {
        return fail(
            fmt::format("has {} kernel_bits for {} weights", kernel_bits.size(), kernel.size()));
    }
    for (std::size_t j = 0; j < outputs(); ++j) {
        GW_TRY_STATUS(expect_narrow_spread(
            [&](std::size_t i) { return i < inputs() ? &kernel[i * outputs() + j] : nullptr; }));
    }
    TensorType out{x.shape, {}};
    out.shape.back() = kernel.shape[1];
    for (std::size_t row = 0; row < x.elements.size(); row += inputs()) {
        for (std::size_t j = 0; j < outputs(); ++j) {
            std::optional<Interval> sum;
            if (!bias.empty() && !bias[j].is_zero()) sum = Interval::constant(bias[j]);
            for (std::size_t i = 0; i < inputs(); ++i) {
                const Dyadic& w = kernel[i * outputs() + j];
                const Interval& range = x.elements[row + i];
                if (!w.is_zero() && !is_zero(range)) add_term(sum, scaled(range, w));
            }
            out.elements.push_back(sum.value_or(Interval::constant(0)));
        }
    }
    return out;
}

Values Dense::reference(std::span<const Values> operands) const {
    const Values& x = operands[0];
    tensor::Shape shape = x.shape;
    shape.back() = kernel.shape[1];
    Values y(shape);
    for (std::size_t row = 0; row < x.size() / inputs(); ++row) {
        for (std::size_t j = 0; j < outputs(); ++j) {
            Dyadic sum = bias.empty() ? Dyadic(0) : bias[j];
            for (std::size_t i = 0; i < inputs(); ++i) {
                sum += x[row * inputs() + i] * kernel[i * outputs() + j];
            }
            y[row * outputs() + j] = sum;
        }
    }
    return y;
}

Reals Dense::real(std::span<const Reals> operands) const {
    const Reals& x = operands[0];
    tensor::Shape shape = x.shape;
    shape.back() = kernel.shape[1];
    Reals y(shape);
    for (std::size_t row = 0; row < x.size() / inputs(); ++row) {
        for (std::size_t j = 0; j < outputs(); ++j) {
            double sum = bias.empty() ? 0.0 : bias[j].to_double();
            for (std::size_t i = 0; i < inputs(); ++i) {
                sum += x[row * inputs() + i] * kernel[i * outputs() + j].to_double();
            }
            y[row * outputs() + j] = sum;
        }
    }
    return y;
}

std::vector<dfg::ValueId> Dense::lower(model::Lowering& lowering,
                                       std::span<const Operand> operands) const {
    const cmvm::LinearForm form{inputs(), outputs(), kernel.data, bias};
    std::vector<dfg::ValueId> y;
    const auto x = operands[0].values;
    for (std::size_t row = 0; row < x.size(); row += inputs()) {
        const auto part = emit_matrix(lowering, form, x.subspan(row, inputs()));
        y.insert(y.end(), part.begin(), part.end());
    }
    return y;
}

model::LayerFacts Dense::facts(std::span<const TensorType> types) const {
    model::LayerFacts facts;
    facts.weights = kernel.size();
    facts.nonzero_weights = static_cast<std::size_t>(std::count_if(
        kernel.data.begin(), kernel.data.end(), [](const Dyadic& w) { return !w.is_zero(); }));
    if (types.empty() || kernel.shape.size() != 2) return facts;
    const std::vector<Interval>& x = types[0].elements;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double in = bits_of(x[i]);
        for (std::size_t j = 0; j < outputs(); ++j) {
            const std::size_t w = i % inputs() * outputs() + j;
            facts.ebops += in * bits_or(kernel_bits, w, kernel[w]);
        }
    }
    const std::size_t rows = x.size() / inputs();
    facts.ebops += mean_bits(bias_bits, bias) * static_cast<double>(rows * outputs());
    return facts;
}

std::string Dense::summary() const {
    const auto facts_ = facts({});
    return fmt::format("{} -> {}, {} of {} weights not zero", inputs(), outputs(),
                       facts_.nonzero_weights, facts_.weights);
}

std::vector<model::Example> Dense::examples(Rng& rng) {
    std::vector<model::Example> out;
    for (int i = 0; i < 8; ++i) {
        const std::int64_t n_in = rng.between(1, 7);
        const std::int64_t n_out = rng.between(1, 5);
        auto layer = std::make_unique<Dense>();
        layer->kernel = Values({n_in, n_out});
        for (Dyadic& w : layer->kernel.data) w = random_weight(rng);
        if (rng.chance(0.7)) {
            for (std::int64_t j = 0; j < n_out; ++j) layer->bias.push_back(random_weight(rng));
        }
        const tensor::Shape shape = i % 3 == 0 ? tensor::Shape{2, n_in} : tensor::Shape{n_in};
        out.push_back({std::move(layer), {random_type(rng, shape)}});
    }
    for (const int width : {100, 1000}) {
        auto layer = std::make_unique<Dense>();
        layer->kernel = Values({3, 2}, {3, -7, 0, 85, Dyadic(1, -40), Dyadic(-5, 3)});
        layer->bias = {Dyadic(1, -600), -1};
        out.push_back({std::move(layer), {wide_type({3}, width)}});
    }
    // Weights too far apart for the adder graphs' machine words.
    auto spread = std::make_unique<Dense>();
    spread->kernel = Values({3, 1}, {Dyadic(5, 80), Dyadic(-3, -80), random_weight(rng)});
    out.push_back({std::move(spread), {random_type(rng, {3})}});
    return out;
}

}  // namespace gatewright::layers
