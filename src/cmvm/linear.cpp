// SPDX-License-Identifier: Apache-2.0
#include "cmvm/linear.h"

#include <algorithm>
#include <map>
#include <string>

#include "support/check.h"

namespace gatewright::cmvm {

using dfg::ValueId;
using fixed::Dyadic;
using fixed::Integer;
using fixed::Interval;

struct Cache::Store {
    std::map<std::string, AdderGraph> graphs;
};

Cache::Cache() : store_(std::make_unique<Store>()) {}
Cache::~Cache() = default;

const AdderGraph& Cache::solve(const Matrix& matrix, std::span<const Interval> inputs,
                               const SolveParams& params) {
    std::string key = std::to_string(matrix.rows) + "x" + std::to_string(matrix.columns) + ":" +
                      std::to_string(params.depth_slack) + "," + std::to_string(params.effort);
    for (const std::int64_t entry : matrix.entries) key += " " + std::to_string(entry);
    for (const Interval& range : inputs) {
        key += ";" + range.lo.to_string() + "," + range.hi.to_string() + "," +
               std::to_string(range.frac);
    }
    const auto found = store_->graphs.find(key);
    if (found != store_->graphs.end()) {
        ++hits_;
        return found->second;
    }
    return store_->graphs.emplace(std::move(key), cmvm::solve(matrix, inputs, params))
        .first->second;
}

namespace {

// Weights of one column brought to odd-gcd integers: w = entry · 2^exponent.
struct ScaledMatrix {
    Matrix matrix;
    std::vector<int> exponents;  // per column
};

ScaledMatrix to_integers(const LinearForm& form) {
    ScaledMatrix out{{form.inputs, form.outputs, std::vector<std::int64_t>(form.weights.size(), 0)},
                     {}};
    for (std::size_t j = 0; j < form.outputs; ++j) {
        int exponent = 0;
        bool any = false;
        for (std::size_t i = 0; i < form.inputs; ++i) {
            const Dyadic& w = form.weights[i * form.outputs + j];
            if (w.is_zero()) continue;
            exponent = any ? std::min(exponent, w.exponent()) : w.exponent();
            any = true;
        }
        for (std::size_t i = 0; i < form.inputs; ++i) {
            const auto entry =
                form.weights[i * form.outputs + j].shifted(-exponent).code_at(0).to_int64();
            GW_CHECK(entry.has_value(), "weights of one output span more than 63 bits");
            out.matrix.entries[i * form.outputs + j] = *entry;
        }
        out.exponents.push_back(exponent);
    }
    return out;
}

}  // namespace

std::vector<ValueId> emit_linear(dfg::Builder& builder, const LinearForm& form,
                                 std::span<const ValueId> x, const SolveParams& params,
                                 Cache& cache) {
    const ScaledMatrix scaled = to_integers(form);
    std::vector<Interval> ranges;
    for (const ValueId value : x) ranges.push_back(builder[value].range);
    const AdderGraph& graph = cache.solve(scaled.matrix, ranges, params);
    std::vector<ValueId> values(x.begin(), x.end());
    for (const AdderNode& node : graph.nodes) {
        const ValueId a = builder.scaled(values[static_cast<std::size_t>(node.a)], node.shift_a);
        const ValueId b = values[static_cast<std::size_t>(node.b)];
        values.push_back(node.subtract ? builder.sub(a, b, node.shift_b)
                                       : builder.add(a, b, node.shift_b));
    }
    std::vector<ValueId> y;
    for (std::size_t j = 0; j < form.outputs; ++j) {
        const AdderOutput& output = graph.outputs[j];
        ValueId value = output.value < 0
                            ? builder.constant(0)
                            : builder.scaled(values[static_cast<std::size_t>(output.value)],
                                             output.shift + scaled.exponents[j]);
        const Dyadic bias = form.bias.empty() ? Dyadic(0) : form.bias[j];
        value = output.negate ? builder.sub(builder.constant(bias), value)
                              : builder.add(value, builder.constant(bias));
        y.push_back(value);
    }
    return y;
}

}  // namespace gatewright::cmvm
