// SPDX-License-Identifier: Apache-2.0
#include "frontends/keras3/assembly.h"

#include <fmt/format.h>

#include <algorithm>

#include "layers/clip.h"
#include "layers/input.h"
#include "layers/quantize.h"

namespace gatewright::frontends::keras3 {

using fixed::Cast;
using model::TensorType;

namespace {

/// Holds every value of every quantizer, so that ranges behind the first quantizer are what they
/// will be.
constexpr Cast kOpenType{{true, 4096, 2048}, fixed::Round::kTrn, fixed::Overflow::kWrap};

/// A saturating quantizer limits its values also in the real network (it may stand for hard tanh);
/// nullptr for any other.
std::unique_ptr<model::Layer> saturation_of(const std::vector<Cast>& type) {
    const fixed::Overflow overflow = type[0].overflow;
    const bool saturates =
        overflow == fixed::Overflow::kSat || overflow == fixed::Overflow::kSatSym;
    if (type.size() != 1 || !saturates) return nullptr;
    const auto range = fixed::Interval::of(type[0].format);
    auto clip = std::make_unique<layers::Clip>();
    clip->hi = range.max();
    clip->lo = overflow == fixed::Overflow::kSat || range.lo.is_zero() ? range.min() : -range.max();
    return clip;
}

layers::Input make_input(const tensor::Shape& shape, const Cast& type) {
    layers::Input input;
    input.shape = shape;
    input.type = {type};
    return input;
}

}  // namespace

Wire Assembly::add_input(const std::string& name, const tensor::Shape& shape,
                         const std::optional<Cast>& type) {
    const layers::Input input = make_input(shape, type.value_or(kOpenType));
    Wire wire;
    wire.fixed = fixed_.add(name, name, input, {});
    wire.real = real_.add(name, name, input, {});
    wire.is_port = !type.has_value();
    types_.push_back(TensorType::uniform(shape, fixed::Interval::of(input.type[0].format)));
    is_open_.push_back(wire.is_port);
    return wire;
}

Result<Wire> Assembly::settled(const Wire& wire) {
    if (!wire.pending) return wire;
    const auto type = params_.precision.of(wire.pending->origin).result;
    if (type) return quantize("", "", {*type}, wire);
    return fail(
        fmt::format("takes the unrounded '{}' of '{}'; put a quantizer after that function "
                    "(QUnaryFunctionLUT) or give its type with --precision",
                    wire.pending->table.function, wire.pending->origin));
}

Result<Wire> Assembly::add_pair(const std::string& name, const std::string& origin,
                                std::unique_ptr<model::Layer> quantized,
                                std::unique_ptr<model::Layer> real,
                                const std::vector<Wire>& inputs) {
    Wire out;
    std::vector<LayerId> fixed_inputs;
    std::vector<LayerId> real_inputs;
    std::vector<TensorType> types;
    for (Wire input : inputs) {
        GW_TRY(input, settled(input));
        const bool keeps_port = quantized->kind() == "reshape" || quantized->kind() == "quantize";
        if (input.is_port && !keeps_port) {
            return fail(
                "takes the model's input without a quantizer; give the input's type with "
                "--input-type");
        }
        out.is_port = input.is_port && quantized->kind() == "reshape";
        fixed_inputs.push_back(input.fixed);
        real_inputs.push_back(input.real);
        types.push_back(types_[input.fixed.index()]);
    }
    GW_TRY(TensorType type, quantized->infer(types));
    out.fixed = fixed_.add(name, origin, std::move(quantized), std::move(fixed_inputs));
    out.real =
        real ? real_.add(name, origin, std::move(real), std::move(real_inputs)) : real_inputs.at(0);
    types_.push_back(std::move(type));
    is_open_.push_back(false);
    return out;
}

Result<Wire> Assembly::quantize(const std::string& name, const std::string& origin,
                                std::vector<Cast> type, const Wire& input) {
    if (input.pending) {
        layers::UnaryTable table = input.pending->table;
        table.type = std::move(type);
        Wire source = input;
        source.pending = nullptr;
        return add(input.pending->name, input.pending->origin, std::move(table), {source});
    }
    auto layer = std::make_unique<layers::Quantize>();
    layer->type = std::move(type);
    auto real = saturation_of(layer->type);
    return add_pair(name, origin, std::move(layer), std::move(real), {input});
}

Result<Wire> Assembly::add_average(const std::string& name, layers::AveragePool pool,
                                   const Wire& input) {
    GW_TRY(const Wire x, settled(input));
    const auto open = open_average(pool, types_[x.fixed.index()]);
    GW_TRY(const Wire y, add(name, name, std::move(pool), {x}));
    if (open) open_averages_.emplace(y.fixed.index(), *open);
    return y;
}

void Assembly::settle_averages(Problems& problems) {
    frontends::settle_averages(fixed_, open_averages_, problems);
}

Wire Assembly::wait_for_type(PendingTable table, const Wire& input) const {
    Wire out = input;
    out.pending = std::make_shared<const PendingTable>(std::move(table));
    return out;
}

void Assembly::add_output(const Wire& wire) {
    fixed_.add_output(wire.fixed);
    real_.add_output(wire.real);
}

void Assembly::bind_port(LayerId port, std::vector<LayerId>& replaced_by, Problems& problems) {
    const std::string& name = fixed_[port].name;
    std::vector<LayerId> quantizers;
    std::vector<LayerId> sources = {port};
    for (std::size_t next = 0; next < sources.size(); ++next) {
        for (std::size_t id = 0; id < fixed_.size(); ++id) {
            const auto& node = fixed_.nodes()[id];
            if (std::count(node.inputs.begin(), node.inputs.end(), sources[next]) == 0) continue;
            (node.layer->kind() == "reshape" ? sources : quantizers).emplace_back(id);
        }
        const auto outputs = fixed_.outputs();
        if (std::find(outputs.begin(), outputs.end(), sources[next]) != outputs.end()) {
            problems.add(
                fmt::format("input '{}' is also an output; give its type with --input-type", name));
            return;
        }
    }
    if (quantizers.empty()) {
        problems.add(
            fmt::format("input '{}' feeds no layer; give its type with --input-type", name));
        return;
    }
    const auto type_of = [&](LayerId id) {
        return static_cast<const layers::Quantize&>(*fixed_[id].layer).type;
    };
    for (const LayerId id : quantizers) {
        if (type_of(id) == type_of(quantizers[0])) continue;
        problems.add(fmt::format(
            "input '{}' feeds quantizers of different types ('{}', '{}'); give the input's "
            "own type with --input-type",
            name, fixed_[quantizers[0]].name, fixed_[id].name));
        return;
    }
    static_cast<layers::Input&>(*fixed_[port].layer).type = type_of(quantizers[0]);
    for (LayerId real_port : real_.inputs()) {
        if (real_[real_port].name != name) continue;
        static_cast<layers::Input&>(*real_[real_port].layer).type = type_of(quantizers[0]);
    }
    for (const LayerId id : quantizers) replaced_by[id.index()] = fixed_[id].inputs[0];
}

void Assembly::bind_ports(Problems& problems) {
    std::vector<LayerId> replaced_by(fixed_.size());  // invalid: the node stays
    for (const LayerId port : fixed_.inputs()) {
        if (is_open_[port.index()]) bind_port(port, replaced_by, problems);
    }
    model::Graph out;
    std::vector<LayerId> moved;
    for (std::size_t id = 0; id < fixed_.size(); ++id) {
        model::GraphNode& node = fixed_.nodes()[id];
        if (replaced_by[id].valid()) {
            moved.push_back(moved[replaced_by[id].index()]);
            continue;
        }
        std::vector<LayerId> inputs;
        for (const LayerId input : node.inputs) inputs.push_back(moved[input.index()]);
        moved.push_back(out.add(node.name, node.origin, std::move(node.layer), std::move(inputs)));
    }
    for (const LayerId output : fixed_.outputs()) out.add_output(moved[output.index()]);
    fixed_ = std::move(out);
}

}  // namespace gatewright::frontends::keras3
