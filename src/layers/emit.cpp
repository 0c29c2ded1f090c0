// SPDX-License-Identifier: Apache-2.0
#include "layers/emit.h"

#include <map>
#include <numeric>

namespace gatewright::layers {

namespace {

// Sets of outputs that share no input: union of the outputs of every row.
class OutputSets {
  public:
    explicit OutputSets(std::size_t outputs) : parent_(outputs) {
        std::iota(parent_.begin(), parent_.end(), std::size_t{0});
    }
    std::size_t find(std::size_t output) {
        while (parent_[output] != output) output = parent_[output] = parent_[parent_[output]];
        return output;
    }
    void join(std::size_t a, std::size_t b) { parent_[find(a)] = find(b); }

  private:
    std::vector<std::size_t> parent_;
};

struct Block {
    std::vector<std::size_t> inputs;
    std::vector<std::size_t> outputs;
};

// Blocks with at least one weight, by their first output; outputs without weights are in none.
std::vector<Block> find_blocks(const cmvm::LinearForm& form) {
    OutputSets sets(form.outputs);
    std::vector<std::size_t> first(form.inputs, form.outputs);  // an output that reads the input
    std::vector<bool> used(form.outputs, false);
    for (std::size_t i = 0; i < form.inputs; ++i) {
        for (std::size_t j = 0; j < form.outputs; ++j) {
            if (form.weights[i * form.outputs + j].is_zero()) continue;
            used[j] = true;
            if (first[i] == form.outputs) first[i] = j;
            sets.join(first[i], j);
        }
    }
    std::vector<Block> blocks;
    std::map<std::size_t, std::size_t> block_of;
    for (std::size_t j = 0; j < form.outputs; ++j) {
        if (!used[j]) continue;
        const auto [found, is_new] = block_of.emplace(sets.find(j), blocks.size());
        if (is_new) blocks.emplace_back();
        blocks[found->second].outputs.push_back(j);
    }
    for (std::size_t i = 0; i < form.inputs; ++i) {
        if (first[i] < form.outputs) blocks[block_of.at(sets.find(first[i]))].inputs.push_back(i);
    }
    return blocks;
}

}  // namespace

std::vector<dfg::ValueId> emit_matrix(model::Lowering& lowering, const cmvm::LinearForm& form,
                                      std::span<const dfg::ValueId> x) {
    const std::vector<Block> blocks = find_blocks(form);
    if (blocks.size() <= 1) {
        return emit_linear(lowering.builder, form, x, lowering.cmvm, lowering.cache);
    }
    std::vector<dfg::ValueId> y;
    for (std::size_t j = 0; j < form.outputs; ++j) {
        y.push_back(lowering.builder.constant(form.bias.empty() ? fixed::Dyadic(0) : form.bias[j]));
    }
    for (const Block& block : blocks) {
        cmvm::LinearForm part{block.inputs.size(), block.outputs.size(), {}, {}};
        std::vector<dfg::ValueId> own;
        for (const std::size_t i : block.inputs) {
            own.push_back(x[i]);
            for (const std::size_t j : block.outputs) {
                part.weights.push_back(form.weights[i * form.outputs + j]);
            }
        }
        for (const std::size_t j : block.outputs) {
            if (!form.bias.empty()) part.bias.push_back(form.bias[j]);
        }
        const auto values = emit_linear(lowering.builder, part, own, lowering.cmvm, lowering.cache);
        for (std::size_t k = 0; k < values.size(); ++k) y[block.outputs[k]] = values[k];
    }
    return y;
}

dfg::ValueId emit_affine(model::Lowering& lowering, dfg::ValueId x, const fixed::Dyadic& scale,
                         const fixed::Dyadic& offset) {
    dfg::Builder& b = lowering.builder;
    // Adder graphs hold constants of a machine word; a longer one (a product of double precision
    // numbers) is multiplied as it is.
    if (scale.mantissa().magnitude_bits() > 60) {
        return b.add(b.mul(x, b.constant(scale)), b.constant(offset));
    }
    return emit_linear(b, {1, 1, {scale}, {offset}}, std::span(&x, 1), lowering.cmvm,
                       lowering.cache)[0];
}

}  // namespace gatewright::layers
