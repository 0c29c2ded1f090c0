// SPDX-License-Identifier: Apache-2.0
#include "arch/stage_parts.h"

#include <fmt/format.h>

#include "support/check.h"

namespace gatewright::arch {
namespace {

using dfg::ValueId;
using model::Operand;
using model::TensorType;

// Values on their way through the chain.
struct Tensor {
    TensorType type;
    std::vector<ValueId> values;
};

class ChainLowering {
  public:
    ChainLowering(const std::vector<ChainLayer>& chain, const PartParams& params)
        : chain_(chain), params_(params), builder_(params.graph.graph()[chain.front().id].origin) {
        builder_.set_layer(chain.front().id);
    }

    Tensor make_inputs(const TapInputs& inputs, tensor::Shape shape) {
        Tensor out{{std::move(shape), {}}, {}};
        for (const HeadInput& input : inputs) {
            const ValueId value = builder_.input(input.format, input.range);
            out.values.push_back(input.range.is_constant() ? builder_.constant(input.range.min())
                                                           : value);
            out.type.elements.push_back(input.range);
        }
        return out;
    }

    // One layer of the chain, or the one standing for it.
    Result<Tensor> apply(LayerId id, const model::Layer& layer, const std::vector<Tensor>& inputs) {
        builder_.set_layer(id);
        std::vector<TensorType> types;
        for (const Tensor& input : inputs) types.push_back(input.type);
        auto type = layer.infer(types);
        const model::GraphNode& node = params_.graph.graph()[id];
        if (!type) {
            return fail(fmt::format("layer '{}' ({}) at one position: {}", node.name,
                                    node.layer->kind(), type.error().message));
        }
        std::vector<Operand> operands;
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            operands.push_back({types[i], inputs[i].values});
        }
        model::Lowering lowering{builder_, params_.cmvm, params_.cache};
        Tensor out{std::move(*type), layer.lower(lowering, operands)};
        GW_CHECK(out.values.size() == out.type.elements.size(),
                 "layer '" + node.name + "' lowered to the wrong number of values");
        return out;
    }

    // The layers from number `first` on; each takes the value before it as all its inputs.
    Result<Tensor> apply_rest(std::size_t first, const std::vector<std::uint32_t>& combination,
                              Tensor x) {
        for (std::size_t n = first; n < chain_.size(); ++n) {
            const ChainLayer& layer = chain_[n];
            const std::size_t operands = params_.graph.graph()[layer.id].inputs.size();
            x.type.shape = {static_cast<std::int64_t>(x.values.size())};
            GW_TRY(x,
                   apply(layer.id, *layer.parts[combination[n]], std::vector<Tensor>(operands, x)));
        }
        return x;
    }

    dfg::Program finish(const Tensor& outputs) {
        for (const ValueId value : outputs.values) builder_.output(value);
        return std::move(builder_).finish();
    }

  private:
    const std::vector<ChainLayer>& chain_;
    const PartParams& params_;
    dfg::Builder builder_;
};

}  // namespace

Result<dfg::Program> part_program(const std::vector<ChainLayer>& chain,
                                  const std::vector<std::uint32_t>& combination,
                                  const std::vector<TapInputs>& inputs, const PartParams& params) {
    ChainLowering lowering(chain, params);
    const ChainLayer& first = chain.front();
    const std::vector<TensorType> types = params.graph.input_types(first.id);
    std::vector<Tensor> x;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const tensor::Shape flat{static_cast<std::int64_t>(inputs[i].size())};
        x.push_back(lowering.make_inputs(inputs[i], first.repetition ? flat : types[i].shape));
    }
    const model::Layer& layer =
        first.repetition ? *first.parts[combination[0]] : *params.graph.graph()[first.id].layer;
    GW_TRY(Tensor y, lowering.apply(first.id, layer, x));
    GW_TRY(y, lowering.apply_rest(1, combination, std::move(y)));
    return lowering.finish(y);
}

Result<dfg::Program> tail_program(const std::vector<ChainLayer>& chain, const LinearHead& head,
                                  const PartParams& params) {
    ChainLowering lowering(chain, params);
    TapInputs sums;
    for (std::size_t j = 0; j < head.outputs; ++j) {
        sums.push_back({head.sums[j], head.sum_ranges[j]});
    }
    Tensor y = lowering.make_inputs(sums, {static_cast<std::int64_t>(head.outputs)});
    const std::vector<std::uint32_t> combination(chain.size(), 0);
    const auto* average = dynamic_cast<const layers::AverageTaps*>(chain[0].parts[0].get());
    if (average != nullptr) {
        layers::AverageTaps of_sum = *average;  // its one tap is the sum
        of_sum.taps.clear();
        GW_TRY(y, lowering.apply(chain[0].id, of_sum, {y}));
    }
    GW_TRY(y, lowering.apply_rest(1, combination, std::move(y)));
    return lowering.finish(y);
}

}  // namespace gatewright::arch
