// SPDX-License-Identifier: Apache-2.0
#include "verify/layer_program.h"

#include <algorithm>
#include <map>

#include "support/check.h"

namespace gatewright::verify {
namespace {

using arch::Design;
using arch::Kernel;
using arch::Source;
using dfg::Node;
using dfg::Op;
using dfg::ValueId;
using fixed::Dyadic;

struct Place {
    std::size_t kernel;
    std::size_t position;  // in the kernel's layers
};

class Cutter {
  public:
    Cutter(const model::TypedGraph& typed, const Design& design) : typed_(typed), design_(design) {
        for (std::size_t k = 0; k < design.kernels.size(); ++k) {
            const Kernel& kernel = design.kernels[k];
            for (std::size_t p = 0; p < kernel.values.size(); ++p)
                places_[kernel.layers[p]] = {k, p};
        }
    }

    Result<LayerProgram> cut(LayerId layer) {
        const auto place = places_.find(layer);
        if (place == places_.end()) return fail("the kernel no longer tells its layers apart");
        kernel_index_ = place->second.kernel;
        const Kernel& kernel = design_.kernels[kernel_index_];
        out_.program.name = typed_.graph()[layer].name;
        for (const LayerId operand : typed_.graph()[layer].inputs) {
            out_.feeds.emplace_back();
            for (std::size_t e = 0; e < typed_.type(operand).elements.size(); ++e) {
                GW_TRY(const Feed feed, feed_of(operand, e));
                out_.feeds.back().push_back(feed);
            }
        }
        for (const ValueId value : kernel.values[place->second.position]) {
            GW_TRY_STATUS(copy_cone(value));
            out_.program.append_output(copied_.at(value));
        }
        return std::move(out_);
    }

  private:
    [[nodiscard]] const dfg::Program& program() const {
        return design_.kernels[kernel_index_].program;
    }

    Feed atom(ValueId value) {
        const Node& node = program()[value];
        if (node.op == Op::kConstant) return {std::nullopt, node.range.min()};
        const auto [slot, is_new] = atoms_.try_emplace(value, atoms_.size());
        if (is_new) {
            Node input;
            input.op = Op::kInput;
            input.format = node.format;
            input.range = node.range;
            copied_[value] = out_.program.append(std::move(input));
        }
        return {slot->second, {}};
    }

    Result<Feed> feed_of(LayerId operand, std::size_t element) {
        const auto place = places_.find(operand);
        if (place != places_.end() && place->second.kernel == kernel_index_) {
            return atom(design_.kernels[kernel_index_].values[place->second.position][element]);
        }
        Source source;
        if (place != places_.end()) {
            const Kernel& producer = design_.kernels[place->second.kernel];
            const ValueId value = producer.values[place->second.position][element];
            const fixed::Interval& range = producer.program[value].range;
            if (range.is_constant()) return Feed{std::nullopt, range.min()};
            const auto outputs = producer.program.outputs();
            const auto found = std::find(outputs.begin(), outputs.end(), value);
            if (found == outputs.end()) return fail("an operand is not an output of its kernel");
            source = {arch::KernelId(place->second.kernel),
                      static_cast<std::size_t>(found - outputs.begin())};
        } else {
            GW_TRY(source, input_source(operand, element));
            const fixed::Interval& range = typed_.type(operand).elements[element];
            if (range.is_constant()) return Feed{std::nullopt, range.min()};
        }
        const auto& inputs = design_.kernels[kernel_index_].inputs;
        const auto found = std::find(inputs.begin(), inputs.end(), source);
        if (found == inputs.end()) return fail("an operand is not an input of the kernel");
        return atom(program().inputs()[static_cast<std::size_t>(found - inputs.begin())]);
    }

    [[nodiscard]] Result<Source> input_source(LayerId operand, std::size_t element) const {
        std::size_t first = 0;
        for (const LayerId input : typed_.graph().inputs()) {
            if (input == operand) return Source{arch::KernelId(), first + element};
            first += typed_.type(input).elements.size();
        }
        return fail("an operand's kernel no longer tells its layers apart");
    }

    // Copies what `value` needs, down to the atoms, operands first; an explicit stack, for chains
    // are long.
    Status copy_cone(ValueId value) {
        std::vector<ValueId> stack{value};
        while (!stack.empty()) {
            const ValueId top = stack.back();
            if (copied_.count(top) != 0) {
                stack.pop_back();
                continue;
            }
            Node node = program()[top];
            if (node.op == Op::kInput) {
                return fail("the layer is merged with what comes before it");
            }
            bool ready = true;
            for (const ValueId arg : node.operands()) {
                if (copied_.count(arg) == 0) {
                    stack.push_back(arg);
                    ready = false;
                }
            }
            if (!ready) continue;
            for (std::size_t i = 0; i < dfg::arity(node.op); ++i)
                node.args[i] = copied_.at(node.args[i]);
            if (node.op == Op::kTable) node.table = copied_table(node.table);
            copied_[top] = out_.program.append(std::move(node));
            stack.pop_back();
        }
        return {};
    }

    dfg::TableId copied_table(dfg::TableId table) {
        const auto [slot, is_new] = tables_.try_emplace(table);
        if (is_new) slot->second = out_.program.append_table(program().table(table));
        return slot->second;
    }

    const model::TypedGraph& typed_;
    const Design& design_;
    std::map<LayerId, Place> places_;
    std::size_t kernel_index_ = 0;
    LayerProgram out_;
    std::map<ValueId, std::size_t> atoms_;
    std::map<ValueId, ValueId> copied_;
    std::map<dfg::TableId, dfg::TableId> tables_;
};

}  // namespace

std::vector<model::Values> LayerProgram::operands(const model::TypedGraph& typed, LayerId layer,
                                                  std::span<const Dyadic> atoms) const {
    std::vector<model::Values> out;
    const auto& inputs = typed.graph()[layer].inputs;
    for (std::size_t o = 0; o < inputs.size(); ++o) {
        model::Values values(typed.type(inputs[o]).shape);
        for (std::size_t e = 0; e < values.size(); ++e) {
            const Feed& feed = feeds[o][e];
            values[e] = feed.atom ? atoms[*feed.atom] : feed.constant;
        }
        out.push_back(std::move(values));
    }
    return out;
}

Result<LayerProgram> cut_layer(const model::TypedGraph& typed, const Design& design,
                               LayerId layer) {
    return Cutter(typed, design).cut(layer);
}

}  // namespace gatewright::verify
