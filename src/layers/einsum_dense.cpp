// SPDX-License-Identifier: Apache-2.0
#include "layers/einsum_dense.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "layers/dense.h"
#include "layers/ebops.h"
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

/// The three letter lists of an equation, without the batch letter and with "..." written out.
struct Letters {
    std::string input;
    std::string kernel;
    std::string output;
};

bool has(const std::string& letters, char letter) {
    return letters.find(letter) != std::string::npos;
}

std::string without_blanks(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c != ' ') out += c;
    }
    return out;
}

// Letters for the axes that "..." covers: control characters, which no equation can name. The batch
// axis is one of them.
Result<Letters> expand_ellipsis(Letters letters, std::size_t rank) {
    const bool in = letters.input.starts_with("...");
    const bool out = letters.output.starts_with("...");
    if (!in && !out) return letters;
    const std::size_t named = letters.input.size() - 3;
    if (!in || !out || named > rank + 1) {
        return fail(
            "\"...\" must stand first in both the input and the output of the equation, and the "
            "input "
            "must have the axes named after it");
    }
    std::string passed;
    for (std::size_t i = 0; i < rank + 1 - named; ++i) passed += static_cast<char>(i + 1);
    letters.input.replace(0, 3, passed);
    letters.output.replace(0, 3, passed);
    return letters;
}

Status check_letters(const Letters& letters) {
    for (const std::string* side : {&letters.input, &letters.kernel, &letters.output}) {
        for (std::size_t i = 0; i < side->size(); ++i) {
            const char c = (*side)[i];
            const bool is_letter =
                (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c > 0 && c < ' ');
            if (!is_letter) return fail(fmt::format("has the character '{}' in the equation", c));
            if (side->find(c, i + 1) != std::string::npos) {
                return fail(fmt::format("repeats the letter '{}' on one side of the equation", c));
            }
        }
    }
    const auto appears = [&](char c) {
        return int{has(letters.input, c)} + int{has(letters.kernel, c)} +
               int{has(letters.output, c)};
    };
    for (const char c : letters.input + letters.kernel + letters.output) {
        if (appears(c) < 2) {
            return fail(fmt::format(
                "has the letter '{}' in one place of the equation only; sum over an axis of "
                "the input with a 'sum' layer before",
                c));
        }
    }
    return {};
}

Result<Letters> parse_equation(const std::string& equation, std::size_t rank) {
    const std::string text = without_blanks(equation);
    const std::size_t comma = text.find(',');
    const std::size_t arrow = text.find("->");
    if (comma == std::string::npos || arrow == std::string::npos || arrow < comma) {
        return fail(fmt::format("equation '{}' is not of the form 'abc,cd->abd'", equation));
    }
    Letters letters{text.substr(0, comma), text.substr(comma + 1, arrow - comma - 1),
                    text.substr(arrow + 2)};
    GW_TRY(letters, expand_ellipsis(letters, rank));
    GW_TRY_STATUS(check_letters(letters));
    if (letters.input.size() != rank + 1) {
        return fail(
            fmt::format("equation '{}' names {} input axes (with the batch axis), the input has {}",
                        equation, letters.input.size(), rank + 1));
    }
    const char batch = letters.input[0];
    if (letters.output.empty() || letters.output[0] != batch || has(letters.kernel, batch)) {
        return fail(fmt::format(
            "equation '{}' must have the batch axis first in input and output, and not in "
            "the kernel",
            equation));
    }
    letters.input.erase(0, 1);
    letters.output.erase(0, 1);
    return letters;
}

using Sizes = std::map<char, std::int64_t>;

Result<Sizes> letter_sizes(const Letters& letters, const tensor::Shape& input,
                           const tensor::Shape& kernel) {
    if (letters.kernel.size() != kernel.size()) {
        return fail(fmt::format("kernel has shape {}, the equation names {} axes",
                                tensor::to_string(kernel), letters.kernel.size()));
    }
    Sizes sizes;
    for (std::size_t i = 0; i < input.size(); ++i) sizes[letters.input[i]] = input[i];
    for (std::size_t i = 0; i < kernel.size(); ++i) {
        const auto [known, is_new] = sizes.emplace(letters.kernel[i], kernel[i]);
        if (known->second != kernel[i]) {
            return fail(
                fmt::format("kernel {} does not fit the input {}: letter '{}' has sizes {} and {}",
                            tensor::to_string(kernel), tensor::to_string(input), letters.kernel[i],
                            kernel[i], known->second));
        }
    }
    return sizes;
}

// Offsets into a tensor (with axes `axes` and shape `shape`) for every index of the letters `over`.
std::vector<std::size_t> offsets(const std::string& over, const Sizes& sizes,
                                 const std::string& axes, const tensor::Shape& shape) {
    const std::vector<std::size_t> steps = tensor::strides(shape);
    std::vector<std::size_t> out{0};
    for (const char letter : over) {
        const std::size_t axis = axes.find(letter);
        const std::size_t step = axis == std::string::npos ? 0 : steps[axis];
        std::vector<std::size_t> next;
        for (const std::size_t base : out) {
            for (std::int64_t i = 0; i < sizes.at(letter); ++i) {
                next.push_back(base + static_cast<std::size_t>(i) * step);
            }
        }
        out = std::move(next);
    }
    return out;
}

// The equation as constant matrices: for group g, contracted index c and new index n,
// output[g_out[g] + n_out[n]] = Σ_c input[g_in[g] + c_in[c]] · kernel[g_kernel[g] + c_kernel[c] +
// n_kernel[n]].
struct Plan {
    tensor::Shape shape;
    std::vector<std::size_t> g_in, g_kernel, g_out;
    std::vector<std::size_t> c_in, c_kernel;
    std::vector<std::size_t> n_kernel, n_out;
};

Result<Plan> plan_einsum(const std::string& equation, const tensor::Shape& input,
                         const tensor::Shape& kernel) {
    GW_TRY(const Letters letters, parse_equation(equation, input.size()));
    GW_TRY(const Sizes sizes, letter_sizes(letters, input, kernel));
    Plan plan;
    std::string groups;
    std::string contracted;
    std::string created;
    for (const char c : letters.input) (has(letters.output, c) ? groups : contracted) += c;
    for (const char c : letters.output) {
        plan.shape.push_back(sizes.at(c));
        if (!has(letters.input, c)) created += c;
    }
    GW_TRY_STATUS(expect_reasonable(plan.shape));
    plan.g_in = offsets(groups, sizes, letters.input, input);
    plan.g_kernel = offsets(groups, sizes, letters.kernel, kernel);
    plan.g_out = offsets(groups, sizes, letters.output, plan.shape);
    plan.c_in = offsets(contracted, sizes, letters.input, input);
    plan.c_kernel = offsets(contracted, sizes, letters.kernel, kernel);
    plan.n_kernel = offsets(created, sizes, letters.kernel, kernel);
    plan.n_out = offsets(created, sizes, letters.output, plan.shape);
    return plan;
}

// For the references: walks every index of every letter of the equation as written.
template <class T, class Number>
tensor::Tensor<T> einsum_plainly(const tensor::Tensor<T>& x, const EinsumDense& layer,
                                 Number number) {
    const Letters letters = parse_equation(layer.equation, x.shape.size()).value();
    std::string all;
    tensor::Shape extents;
    const auto walk = [&](const std::string& side, const tensor::Shape& sizes) {
        for (std::size_t i = 0; i < side.size(); ++i) {
            if (!has(all, side[i])) {
                all += side[i];
                extents.push_back(sizes[i]);
            }
        }
    };
    walk(letters.input, x.shape);
    walk(letters.kernel, layer.kernel.shape);
    const auto pick = [&](const std::string& side, const std::vector<std::int64_t>& index) {
        std::vector<std::int64_t> own;
        for (const char c : side) own.push_back(index[all.find(c)]);
        return own;
    };
    const tensor::Shape shape = pick(letters.output, extents);
    tensor::Tensor<T> y(shape);
    std::size_t flat = 0;
    if (!layer.bias.data.empty()) {
        for_each_index(
            shape, [&](const auto& index) { y[flat++] = number(broadcast_at(layer.bias, index)); });
    }
    for_each_index(extents, [&](const std::vector<std::int64_t>& index) {
        y[flat_index(shape, pick(letters.output, index))] +=
            element_at(x, pick(letters.input, index)) *
            number(element_at(layer.kernel, pick(letters.kernel, index)));
    });
    return y;
}

}  // namespace

Result<TensorType> EinsumDense::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    const TensorType& x = inputs[0];
    GW_TRY(const Plan plan, plan_einsum(equation, x.shape, kernel.shape));
    TensorType out{plan.shape, std::vector<Interval>(tensor::element_count(plan.shape))};
    std::vector<std::size_t> bias_of;
    if (!bias.data.empty()) {
        const auto common = broadcast_shapes(bias.shape, out.shape);
        if (!common || *common != out.shape) {
            return fail(
                fmt::format("bias has shape {}, which does not broadcast to the output's {}",
                            tensor::to_string(bias.shape), tensor::to_string(out.shape)));
        }
        bias_of = broadcast_map(bias.shape, out.shape);
    }
    if (!kernel_bits.empty() && kernel_bits.size() != kernel.size()) {
        return fail(
            fmt::format("has {} kernel_bits for {} weights", kernel_bits.size(), kernel.size()));
    }
    for (std::size_t g = 0; g < plan.g_in.size(); ++g) {
        for (std::size_t n = 0; n < plan.n_out.size(); ++n) {
            GW_TRY_STATUS(expect_narrow_spread([&](std::size_t c) -> const Dyadic* {
                if (c == plan.c_in.size()) return nullptr;
                return &kernel[plan.g_kernel[g] + plan.c_kernel[c] + plan.n_kernel[n]];
            }));
            const std::size_t o = plan.g_out[g] + plan.n_out[n];
            std::optional<Interval> sum;
            if (!bias_of.empty() && !bias[bias_of[o]].is_zero()) {
                sum = Interval::constant(bias[bias_of[o]]);
            }
            for (std::size_t c = 0; c < plan.c_in.size(); ++c) {
                const Dyadic& w = kernel[plan.g_kernel[g] + plan.c_kernel[c] + plan.n_kernel[n]];
                const Interval& range = x.elements[plan.g_in[g] + plan.c_in[c]];
                if (!w.is_zero() && !is_zero(range)) add_term(sum, scaled(range, w));
            }
            out.elements[o] = sum.value_or(Interval::constant(0));
        }
    }
    return out;
}

Values EinsumDense::reference(std::span<const Values> inputs) const {
    return einsum_plainly(inputs[0], *this, [](const Dyadic& w) { return w; });
}

Reals EinsumDense::real(std::span<const Reals> inputs) const {
    return einsum_plainly(inputs[0], *this, [](const Dyadic& w) { return w.to_double(); });
}

std::vector<dfg::ValueId> EinsumDense::lower(model::Lowering& lowering,
                                             std::span<const Operand> inputs) const {
    const Plan plan = plan_einsum(equation, inputs[0].type.shape, kernel.shape).value();
    const std::size_t count = tensor::element_count(plan.shape);
    std::vector<std::size_t> bias_of;
    if (!bias.data.empty()) bias_of = broadcast_map(bias.shape, plan.shape);
    std::vector<dfg::ValueId> y(count);
    for (std::size_t g = 0; g < plan.g_in.size(); ++g) {
        cmvm::LinearForm form{plan.c_in.size(), plan.n_out.size(), {}, {}};
        std::vector<dfg::ValueId> x;
        for (std::size_t c = 0; c < plan.c_in.size(); ++c) {
            x.push_back(inputs[0].values[plan.g_in[g] + plan.c_in[c]]);
            for (const std::size_t n : plan.n_kernel) {
                form.weights.push_back(kernel[plan.g_kernel[g] + plan.c_kernel[c] + n]);
            }
        }
        for (const std::size_t n : plan.n_out) {
            if (!bias_of.empty()) form.bias.push_back(bias[bias_of[plan.g_out[g] + n]]);
        }
        const auto part = emit_linear(lowering.builder, form, x, lowering.cmvm, lowering.cache);
        for (std::size_t n = 0; n < part.size(); ++n) y[plan.g_out[g] + plan.n_out[n]] = part[n];
    }
    return y;
}

model::LayerFacts EinsumDense::facts(std::span<const TensorType> inputs) const {
    model::LayerFacts facts;
    facts.weights = kernel.size();
    for (const Dyadic& w : kernel.data) facts.nonzero_weights += w.is_zero() ? 0U : 1U;
    if (inputs.empty()) return facts;
    const auto plan = plan_einsum(equation, inputs[0].shape, kernel.shape);
    if (!plan) return facts;
    for (std::size_t g = 0; g < plan->g_in.size(); ++g) {
        for (std::size_t c = 0; c < plan->c_in.size(); ++c) {
            const double in = bits_of(inputs[0].elements[plan->g_in[g] + plan->c_in[c]]);
            for (const std::size_t n : plan->n_kernel) {
                const std::size_t w = plan->g_kernel[g] + plan->c_kernel[c] + n;
                facts.ebops += in * bits_or(kernel_bits, w, kernel[w]);
            }
        }
    }
    if (!bias.data.empty()) {
        facts.ebops += mean_bits(bias_bits, bias.data) *
                       static_cast<double>(tensor::element_count(plan->shape));
    }
    return facts;
}

namespace {

// The element of the kernel at the letters of `axes` (position, contracted, new), in that order.
std::size_t kernel_element(const Letters& letters, const tensor::Shape& kernel,
                           const std::string& axes, const std::vector<std::int64_t>& index) {
    std::size_t flat = 0;
    for (std::size_t i = 0; i < kernel.size(); ++i) {
        const auto at = static_cast<std::size_t>(index[axes.find(letters.kernel[i])]);
        flat = flat * static_cast<std::size_t>(kernel[i]) + at;
    }
    return flat;
}

// The equation keeps all axes but the last in their order and contracts the last into a new one.
bool is_last_axis_form(const Letters& letters) {
    const std::string& in = letters.input;
    const std::string& out = letters.output;
    return !in.empty() && in.size() == out.size() && !has(out, in.back()) && !has(in, out.back()) &&
           in.compare(0, in.size() - 1, out, 0, out.size() - 1) == 0;
}

// The matrix of one position: its own slice where the kernel has letters of the position.
Dense dense_at(const EinsumDense& layer, const Letters& letters, const tensor::Shape& positions,
               std::int64_t inputs, std::int64_t outputs, std::size_t position) {
    std::vector<std::int64_t> index(positions.size() + 2);
    for (std::size_t axis = positions.size(), rest = position; axis-- > 0;) {
        index[axis] = static_cast<std::int64_t>(rest) % positions[axis];
        rest /= static_cast<std::size_t>(positions[axis]);
    }
    const std::string axes = letters.input + letters.output.back();
    Dense part;
    part.kernel = Values({inputs, outputs});
    if (!layer.kernel_bits.empty()) part.kernel_bits.resize(part.kernel.size());
    std::size_t flat = 0;
    for (std::int64_t i = 0; i < inputs; ++i) {
        for (std::int64_t o = 0; o < outputs; ++o, ++flat) {
            index[positions.size()] = i;
            index[positions.size() + 1] = o;
            const std::size_t from = kernel_element(letters, layer.kernel.shape, axes, index);
            part.kernel[flat] = layer.kernel[from];
            if (!layer.kernel_bits.empty()) part.kernel_bits[flat] = layer.kernel_bits[from];
        }
    }
    if (layer.bias.data.empty()) return part;
    tensor::Shape shape = positions;
    shape.push_back(outputs);
    const auto bias_of = broadcast_map(layer.bias.shape, shape);
    for (std::size_t o = 0; o < static_cast<std::size_t>(outputs); ++o) {
        const std::size_t from = bias_of[position * static_cast<std::size_t>(outputs) + o];
        part.bias.push_back(layer.bias[from]);
        if (from < layer.bias_bits.size()) part.bias_bits.push_back(layer.bias_bits[from]);
    }
    return part;
}

}  // namespace

std::optional<model::Repetition> EinsumDense::repetition(std::span<const TensorType> inputs) const {
    const tensor::Shape& shape = inputs[0].shape;
    const Letters letters = parse_equation(equation, shape.size()).value();
    if (!is_last_axis_form(letters)) return std::nullopt;
    const std::int64_t outputs = kernel.shape[letters.kernel.find(letters.output.back())];
    model::Repetition out;
    out.positions.assign(shape.begin(), shape.end() - 1);
    out.windows = {pointwise_window(shape)};
    out.part = [layer = *this, letters, positions = out.positions, channels = shape.back(),
                outputs](std::size_t position) {
        return std::make_unique<Dense>(
            dense_at(layer, letters, positions, channels, outputs, position));
    };
    return out;
}

std::string EinsumDense::summary() const {
    const auto counts = facts({});
    return fmt::format("{}, {} of {} weights not zero", equation, counts.nonzero_weights,
                       counts.weights);
}

std::vector<model::Example> EinsumDense::examples(Rng& rng) {
    struct Case {
        std::string equation;
        tensor::Shape input, kernel, bias;
    };
    // Last axis; middle axis; several contracted; new axes between passed ones; a kernel slice per
    // index; ellipsis; a transposed output.
    const Case cases[] = {
        {"bc,cC->bC", {3}, {3, 2}, {2}},
        {"abc,cd->abd", {2, 3}, {3, 4}, {4}},
        {"abc,bd->acd", {3, 2}, {3, 2}, {2, 1}},
        {"abc,bcde->ade", {2, 3}, {2, 3, 2, 2}, {2, 2}},
        {"abc,cd->adb", {2, 3}, {3, 2}, {1, 2}},
        {"abc,bcd->abd", {2, 3}, {2, 3, 2}, {2, 2}},
        {"abc,bc->abc", {2, 3}, {2, 3}, {}},
        {"...x,xy->...y", {2, 2, 3}, {3, 2}, {2}},
        {"ab, b -> a", {4}, {4}, {}},
    };
    std::vector<model::Example> out;
    for (const Case& c : cases) {
        for (const bool biased : {false, true}) {
            auto layer = std::make_unique<EinsumDense>();
            layer->equation = c.equation;
            layer->kernel = Values(c.kernel);
            for (Dyadic& w : layer->kernel.data) w = random_weight(rng);
            if (biased) {
                layer->bias = Values(c.bias);
                for (Dyadic& w : layer->bias.data) w = random_weight(rng);
            }
            out.push_back({std::move(layer), {random_type(rng, c.input)}});
        }
    }
    return out;
}

}  // namespace gatewright::layers
