// SPDX-License-Identifier: Apache-2.0
#include "cmvm/linear.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "cmvm/emit_graph.h"
#include "support/check.h"

namespace gatewright::cmvm {

using dfg::ValueId;
using fixed::Dyadic;
using fixed::Integer;
using fixed::Interval;

namespace {

// The form over distinct values that are not constant; what was constant is in the bias.
struct FoldedForm {
    std::vector<ValueId> x;
    std::vector<std::vector<Dyadic>> rows;  // rows[i][j]: weight of x[i] in output j
    std::vector<Dyadic> bias;
};

FoldedForm fold(const dfg::Builder& builder, const LinearForm& form, std::span<const ValueId> x) {
    FoldedForm out;
    out.bias = form.bias;
    out.bias.resize(form.outputs);
    std::map<ValueId, std::size_t> row_of;
    for (std::size_t i = 0; i < form.inputs; ++i) {
        const std::span<const Dyadic> weights(form.weights.data() + i * form.outputs, form.outputs);
        if (std::all_of(weights.begin(), weights.end(),
                        [](const Dyadic& w) { return w.is_zero(); })) {
            continue;
        }
        const Interval& range = builder[x[i]].range;
        if (range.is_constant()) {
            for (std::size_t j = 0; j < form.outputs; ++j) out.bias[j] += weights[j] * range.min();
            continue;
        }
        const auto [found, is_new] = row_of.emplace(x[i], out.x.size());
        if (is_new) {
            out.x.push_back(x[i]);
            out.rows.emplace_back(form.outputs);
        }
        std::vector<Dyadic>& row = out.rows[found->second];
        for (std::size_t j = 0; j < form.outputs; ++j) row[j] += weights[j];
    }
    return out;
}

// weight = entry · 2^(row_exponent + column_exponent), entries integer. A column whose entries do
// not fit int64 is left zero in the matrix and marked wide. Each bias is one more row with a one in
// its column: the solver places it like any other term, and a sum that has one never ends up
// negated.
struct IntegerForm {
    Matrix matrix;
    std::vector<int> row_exponents;
    std::vector<int> column_exponents;
    std::vector<bool> wide;
    std::vector<std::size_t> biased;  // output of each bias row, in order
};

std::optional<int> least_exponent(std::optional<int> least, const Dyadic& weight, int offset) {
    if (weight.is_zero()) return least;
    const int exponent = weight.exponent() - offset;
    return least ? std::min(*least, exponent) : exponent;
}

void choose_exponents(const FoldedForm& form, IntegerForm& out) {
    for (const auto& row : form.rows) {
        std::optional<int> least;
        for (const Dyadic& weight : row) least = least_exponent(least, weight, 0);
        out.row_exponents.push_back(least.value_or(0));
    }
    for (std::size_t j = 0; j < form.bias.size(); ++j) {
        std::optional<int> least;
        for (std::size_t i = 0; i < form.rows.size(); ++i) {
            least = least_exponent(least, form.rows[i][j], out.row_exponents[i]);
        }
        out.column_exponents.push_back(least.value_or(0));
    }
}

IntegerForm to_integers(const FoldedForm& form) {
    constexpr int kMostBits = 60;  // room for the solver's differences of columns
    IntegerForm out;
    choose_exponents(form, out);
    const std::size_t columns = form.bias.size();
    for (std::size_t j = 0; j < columns; ++j) {
        int most = 0;
        for (std::size_t i = 0; i < form.rows.size(); ++i) {
            const Dyadic& w = form.rows[i][j];
            if (w.is_zero()) continue;
            const int exponent = w.exponent() - out.row_exponents[i] - out.column_exponents[j];
            most = std::max(most, w.mantissa().magnitude_bits() + exponent);
        }
        out.wide.push_back(most > kMostBits);
        if (!out.wide[j] && !form.bias[j].is_zero()) out.biased.push_back(j);
    }
    out.matrix.rows = form.rows.size() + out.biased.size();
    out.matrix.columns = columns;
    out.matrix.entries.assign(out.matrix.rows * columns, 0);
    for (std::size_t i = 0; i < form.rows.size(); ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            if (out.wide[j] || form.rows[i][j].is_zero()) continue;
            const int exponent = out.row_exponents[i] + out.column_exponents[j];
            out.matrix.entries[i * columns + j] =
                *form.rows[i][j].shifted(-exponent).code_at(0).to_int64();
        }
    }
    for (std::size_t k = 0; k < out.biased.size(); ++k) {
        out.matrix.entries[(form.rows.size() + k) * columns + out.biased[k]] = 1;
    }
    return out;
}

// One output by multiplications, for weights that span too many bits for the solver. The products
// are independent, so interval arithmetic gives their sum its exact range.
ValueId emit_wide(dfg::Builder& builder, const FoldedForm& form, std::size_t j) {
    std::vector<ValueId> terms;
    if (!form.bias[j].is_zero()) terms.push_back(builder.constant(form.bias[j]));
    for (std::size_t i = 0; i < form.x.size(); ++i) {
        const Dyadic& weight = form.rows[i][j];
        if (!weight.is_zero()) terms.push_back(builder.mul(form.x[i], builder.constant(weight)));
    }
    while (terms.size() > 1) {
        std::vector<ValueId> sums;
        for (std::size_t i = 0; i + 1 < terms.size(); i += 2) {
            sums.push_back(builder.add(terms[i], terms[i + 1]));
        }
        if (terms.size() % 2 == 1) sums.push_back(terms.back());
        terms = std::move(sums);
    }
    return terms.empty() ? builder.constant(0) : terms[0];
}

}  // namespace

std::vector<ValueId> emit_linear(dfg::Builder& builder, const LinearForm& form,
                                 std::span<const ValueId> x, const SolveParams& params,
                                 Cache& cache) {
    GW_CHECK(x.size() == form.inputs && form.weights.size() == form.inputs * form.outputs &&
                 (form.bias.empty() || form.bias.size() == form.outputs),
             "sizes of a linear form");
    const FoldedForm folded = fold(builder, form, x);
    const IntegerForm integers = to_integers(folded);
    std::vector<ValueId> inputs = folded.x;
    std::vector<int> exponents = integers.row_exponents;
    for (const std::size_t j : integers.biased) {
        inputs.push_back(builder.constant(folded.bias[j]));
        exponents.push_back(-integers.column_exponents[j]);
    }
    GraphEmitter emitter(builder, std::move(inputs), std::move(exponents));
    const AdderGraph& graph = cache.solve(integers.matrix, emitter.ranges(), params);
    emitter.emit(graph);
    std::vector<ValueId> y;
    for (std::size_t j = 0; j < form.outputs; ++j) {
        y.push_back(integers.wide[j]
                        ? emit_wide(builder, folded, j)
                        : emitter.output(graph.outputs[j], integers.column_exponents[j]));
    }
    return y;
}

}  // namespace gatewright::cmvm
