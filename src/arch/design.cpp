// SPDX-License-Identifier: Apache-2.0
#include "arch/design.h"

#include <map>

#include "layers/input.h"
#include "support/check.h"

namespace gatewright::arch {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::ValueId;
using model::GraphNode;

void place_bits(Port& port) {
    for (const fixed::Cast& element : port.elements) {
        port.bit_offset.push_back(port.width);
        port.width += element.format.width;
    }
}

Port input_port(const GraphNode& node) {
    const auto& input = dynamic_cast<const layers::Input&>(*node.layer);
    Port port{node.name, input.shape, {}, {}, 0};
    for (std::size_t i = 0; i < tensor::element_count(input.shape); ++i) {
        port.elements.push_back(input.cast(i));
    }
    place_bits(port);
    return port;
}

// Builds kernels in one walk over the graph; each node's values are known by their sources.
class DesignBuilder {
  public:
    DesignBuilder(const model::TypedGraph& typed, const BuildParams& params)
        : typed_(typed),
          params_(params),
          cache_(params.cache_directory),
          sources_(typed.graph().size()) {}

    Design build() {
        const model::Graph& graph = typed_.graph();
        design_.name = graph.name;
        std::size_t element = 0;
        for (const LayerId id : graph.inputs()) {
            design_.inputs.push_back(input_port(graph[id]));
            for (std::size_t i = 0; i < typed_.type(id).elements.size(); ++i) {
                sources_[id.index()].push_back({KernelId(), element++});
            }
        }
        for (std::size_t begin = 0; begin < graph.size();) {
            if (graph[LayerId(begin)].layer->kind() == "input") {
                ++begin;
                continue;
            }
            std::size_t end = begin + 1;
            while (end < graph.size() &&
                   graph[LayerId(end)].origin == graph[LayerId(begin)].origin &&
                   graph[LayerId(end)].layer->kind() != "input") {
                ++end;
            }
            build_kernel(begin, end);
            begin = end;
        }
        for (const LayerId id : graph.outputs()) add_output_port(id);
        return std::move(design_);
    }

  private:
    void build_kernel(std::size_t begin, std::size_t end) {
        const model::Graph& graph = typed_.graph();
        Kernel kernel;
        kernel.name = graph[LayerId(begin)].origin;
        dfg::Builder builder(kernel.name);
        std::vector<std::vector<ValueId>> values(end - begin);
        std::map<std::pair<std::size_t, std::size_t>, ValueId> imported;
        for (std::size_t n = begin; n < end; ++n) {
            const GraphNode& node = graph[LayerId(n)];
            builder.set_layer(LayerId(n));
            kernel.layers.emplace_back(n);
            describe(kernel, node);
            std::vector<std::vector<ValueId>> operand_values;
            const auto types = typed_.input_types(LayerId(n));
            for (const LayerId input : node.inputs) {
                operand_values.push_back(input.index() >= begin
                                             ? values[input.index() - begin]
                                             : import(input, builder, kernel, imported));
            }
            std::vector<model::Operand> operands;
            for (std::size_t i = 0; i < types.size(); ++i)
                operands.push_back({types[i], operand_values[i]});
            model::Lowering lowering{builder, params_.cmvm, cache_};
            values[n - begin] = node.layer->lower(lowering, operands);
            GW_CHECK(values[n - begin].size() == typed_.type(LayerId(n)).elements.size(),
                     "layer '" + node.name + "' lowered to the wrong number of values");
        }
        export_values(begin, end, values, builder);
        kernel.program = std::move(builder).finish();
        kernel.values = std::move(values);
        design_.kernels.push_back(std::move(kernel));
    }

    static void describe(Kernel& kernel, const GraphNode& node) {
        if (!kernel.description.empty()) kernel.description += "; ";
        kernel.description += node.layer->kind();
        if (const std::string text = node.layer->summary(); !text.empty()) {
            kernel.description += " (" + text + ")";
        }
    }

    // Program inputs for the values of an earlier node, made once per kernel and value.
    std::vector<ValueId> import(LayerId from, dfg::Builder& builder, Kernel& kernel,
                                std::map<std::pair<std::size_t, std::size_t>, ValueId>& imported) {
        std::vector<ValueId> out;
        for (std::size_t i = 0; i < sources_[from.index()].size(); ++i) {
            const Source& source = sources_[from.index()][i];
            const std::size_t owner = source.kernel.valid() ? source.kernel.index() + 1 : 0;
            const auto [slot, is_new] = imported.try_emplace({owner, source.index});
            if (is_new) {
                const auto [format, range] = source_type(source);
                slot->second = range.is_constant() ? builder.constant(range.min())
                                                   : builder.input(format, range);
                if (!range.is_constant()) kernel.inputs.push_back(source);
            }
            out.push_back(slot->second);
        }
        return out;
    }

    [[nodiscard]] std::pair<fixed::Format, fixed::Interval> source_type(
        const Source& source) const {
        if (source.kernel.valid()) {
            const dfg::Program& program = design_.kernels[source.kernel.index()].program;
            const Node& node = program[program.outputs()[source.index]];
            return {node.format, node.range};
        }
        std::size_t index = source.index;
        for (const Port& port : design_.inputs) {
            if (index < port.elements.size()) {
                const fixed::Format& format = port.elements[index].format;
                return {format, fixed::Interval::of(format)};
            }
            index -= port.elements.size();
        }
        GW_UNREACHABLE("input element");
    }

    // Outputs of the kernel: values that later nodes or the design's outputs read, each once.
    void export_values(std::size_t begin, std::size_t end,
                       const std::vector<std::vector<ValueId>>& values, dfg::Builder& builder) {
        const model::Graph& graph = typed_.graph();
        std::vector<bool> read(end - begin, false);
        const auto mark = [&](LayerId id) {
            if (id.index() >= begin && id.index() < end) read[id.index() - begin] = true;
        };
        for (std::size_t n = end; n < graph.size(); ++n) {
            for (const LayerId input : graph[LayerId(n)].inputs) mark(input);
        }
        for (const LayerId output : graph.outputs()) mark(output);
        std::map<ValueId, std::size_t> outputs;
        const KernelId id(design_.kernels.size());
        for (std::size_t n = begin; n < end; ++n) {
            if (!read[n - begin]) continue;
            for (const ValueId value : values[n - begin]) {
                const auto [slot, is_new] = outputs.try_emplace(value, outputs.size());
                if (is_new) builder.output(value);
                sources_[n].push_back({id, slot->second});
            }
        }
    }

    void add_output_port(LayerId id) {
        const GraphNode& node = typed_.graph()[id];
        Port port{node.name, typed_.type(id).shape, {}, {}, 0};
        for (const Source& source : sources_[id.index()]) {
            port.elements.push_back({.format = source_type(source).first});
            design_.results.push_back(source);
        }
        place_bits(port);
        design_.outputs.push_back(std::move(port));
    }

    const model::TypedGraph& typed_;
    const BuildParams& params_;
    cmvm::Cache cache_;
    std::vector<std::vector<Source>> sources_;  // per node, one per element
    Design design_;
};

}  // namespace

Design build_design(const model::TypedGraph& graph, const BuildParams& params) {
    return DesignBuilder(graph, params).build();
}

namespace {

// Values that reach an output; a pruned input of one layer kills what made it in the layer before.
std::vector<bool> live_values(const dfg::Program& program) {
    std::vector<bool> live(program.size(), false);
    for (const ValueId output : program.outputs()) live[output.index()] = true;
    for (std::size_t i = program.size(); i-- > 0;) {
        const Node& node = program.nodes()[i];
        if (node.op == Op::kInput) live[i] = true;  // the port stays whether it is read or not
        if (!live[i]) continue;
        for (const ValueId arg : node.operands()) live[arg.index()] = true;
    }
    return live;
}

FlatProgram without_dead_values(const FlatProgram& flat) {
    const std::vector<bool> live = live_values(flat.program);
    FlatProgram out;
    out.program.name = flat.program.name;
    std::vector<ValueId> values(flat.program.size());
    std::map<dfg::TableId, dfg::TableId> tables;
    for (std::size_t i = 0; i < flat.program.size(); ++i) {
        if (!live[i]) continue;
        Node node = flat.program.nodes()[i];
        for (std::size_t a = 0; a < dfg::arity(node.op); ++a)
            node.args[a] = values[node.args[a].index()];
        if (node.op == Op::kTable) {
            const auto [slot, is_new] = tables.try_emplace(node.table);
            if (is_new) slot->second = out.program.append_table(flat.program.table(node.table));
            node.table = slot->second;
        }
        values[i] = out.program.append(std::move(node));
        out.kernel_of.push_back(flat.kernel_of[i]);
    }
    for (const ValueId output : flat.program.outputs())
        out.program.append_output(values[output.index()]);
    return out;
}

}  // namespace

FlatProgram flatten(const Design& design) {
    FlatProgram flat;
    flat.program.name = design.name;
    std::vector<ValueId> inputs;
    for (const Port& port : design.inputs) {
        for (const fixed::Cast& element : port.elements) {
            Node node;
            node.op = Op::kInput;
            node.format = element.format;
            node.range = fixed::Interval::of(element.format);
            inputs.push_back(flat.program.append(std::move(node)));
            flat.kernel_of.emplace_back();
        }
    }
    std::vector<std::vector<ValueId>> outputs;
    const auto find = [&](const Source& source) {
        return source.kernel.valid() ? outputs[source.kernel.index()][source.index]
                                     : inputs[source.index];
    };
    for (std::size_t k = 0; k < design.kernels.size(); ++k) {
        const Kernel& kernel = design.kernels[k];
        std::vector<dfg::TableId> tables;
        for (const dfg::Table& table : kernel.program.tables()) {
            tables.push_back(flat.program.append_table(table));
        }
        std::vector<ValueId> values;
        std::size_t next_input = 0;
        for (Node node : kernel.program.nodes()) {
            if (node.op == Op::kInput) {
                values.push_back(find(kernel.inputs[next_input++]));
                continue;
            }
            for (std::size_t i = 0; i < dfg::arity(node.op); ++i)
                node.args[i] = values[node.args[i].index()];
            if (node.op == Op::kTable) node.table = tables[node.table.index()];
            values.push_back(flat.program.append(std::move(node)));
            flat.kernel_of.emplace_back(k);
        }
        outputs.emplace_back();
        for (const ValueId output : kernel.program.outputs()) {
            outputs.back().push_back(values[output.index()]);
        }
    }
    for (const Source& source : design.results) flat.program.append_output(find(source));
    return without_dead_values(flat);
}

}  // namespace gatewright::arch
