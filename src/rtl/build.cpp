// SPDX-License-Identifier: Apache-2.0
//
// The netlist from design and schedule: a module per kernel, then the top that connects them.
// Within a module statements stand cycle by cycle. A value asked for in a later cycle than it is
// made in gets one register per cycle between, made when first needed and shared by all later
// askers.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "rtl/emit.h"
#include "rtl/exports.h"
#include "rtl/legalize.h"
#include "schedule/liveness.h"
#include "support/check.h"

namespace gatewright::rtl {
namespace {

using arch::KernelId;
using dfg::Node;
using dfg::Op;
using dfg::ValueId;

// Everything the modules are built from.
struct Plan {
    const arch::Design& design;
    const arch::FlatProgram& flat;
    const schedule::Schedule& schedule;
    std::vector<bool> live;
    Exports exports;
    std::vector<std::vector<ValueId>> nodes_of;  // per kernel: live nodes by cycle, then by number

    [[nodiscard]] const Node& node(ValueId value) const { return flat.program[value]; }
    [[nodiscard]] int cycle(ValueId value) const { return schedule.cycle[value.index()]; }
    [[nodiscard]] int width(const Owner& owner) const {
        int bits = 0;
        for (const Tap& tap : owner.taps) bits += node(tap.value).format.width;
        return bits;
    }
};

std::string one_line(std::string text) {
    for (char& c : text) {
        if (c < ' ' || c > '~') c = ' ';
    }
    return text;
}

// What kernel modules and the top have in common: values in cycles.
class ModuleBuilder {
  public:
    ModuleBuilder(const Plan& plan, std::string name) : plan_(plan), wiring_(module_, names_) {
        module_.name = std::move(name);
        clk_ = port("clk", 1, SignalKind::kInput);
    }
    ModuleBuilder(const ModuleBuilder&) = delete;
    ModuleBuilder& operator=(const ModuleBuilder&) = delete;

  protected:
    SignalId port(std::string_view name, int width, SignalKind kind) {
        const SignalId signal = wiring_.add_signal(name, width, kind);
        module_.ports.push_back(signal);
        return signal;
    }

    void define(ValueId value, int cycle, SignalId signal) {
        auto& cycles = values_[value];
        GW_CHECK(cycles.empty() || cycles.rbegin()->first < cycle, "value defined out of order");
        cycles.emplace(cycle, signal);
    }

    // The value as it is in this cycle, delayed by registers if it was made earlier.
    SignalId at(ValueId value, int cycle) {
        auto& cycles = values_[value];
        auto known = cycles.upper_bound(cycle);
        GW_CHECK(known != cycles.begin(), "value read before it is made");
        --known;
        const int made = cycles.begin()->first;
        const std::string base = module_[cycles.begin()->second].name;
        int now = known->first;
        SignalId signal = known->second;
        while (now < cycle) {
            ++now;
            const Signal source = module_[signal];
            const SignalId next = wiring_.add_signal(fmt::format("{}_d{}", base, now - made),
                                                     source.width, SignalKind::kRegister);
            module_.statements.push_back(
                Register{next, wiring_.all(signal), Register::Reset::kNone});
            has_registers_ = true;
            cycles.emplace(now, next);
            signal = next;
        }
        return signal;
    }

    Bits bits_at(ValueId value, int cycle) {
        const Node& node = plan_.node(value);
        if (const auto code = schedule::constant_code(node))
            return constant_bits(*code, node.format.width);
        return wiring_.all(at(value, cycle));
    }

    // The part of a packed vector that is `tap`, as a wire with a name.
    void unpack_tap(const Owner& owner, std::size_t tap, const Bits& vector, int offset,
                    const std::string& name) {
        const ValueId value = owner.taps[tap].value;
        const fixed::Format& format = plan_.node(value).format;
        const SignalId wire = wiring_.name_result(take({vector, false}, offset, format.width), name,
                                                  fixed::to_string(format));
        define(value, owner.taps[tap].cycle, wire);
    }

    Bits packed(const Owner& owner) {
        Bits out;
        for (const Tap& tap : owner.taps) append(out, bits_at(tap.value, tap.cycle));
        return out;
    }

    Module finish() {
        if (!has_registers_) std::erase(module_.ports, clk_);
        return std::move(module_);
    }

    const Plan& plan_;
    Module module_;
    Namer names_;
    Wiring wiring_;
    SignalId clk_;
    bool has_registers_ = false;
    std::unordered_map<ValueId, std::map<int, SignalId>> values_;
};

class KernelModule : ModuleBuilder {
  public:
    KernelModule(const Plan& plan, KernelId kernel, std::string name)
        : ModuleBuilder(plan, std::move(name)), kernel_(kernel) {
        module_.kernel = kernel;
        for (const Tap& tap : owner().taps) exported_.insert(tap.value);
    }

    Module build() {
        for (const std::size_t source : plan_.exports.reads[kernel_.index()]) declare_input(source);
        const SignalId out = port("out", plan_.width(owner()), SignalKind::kOutput);
        collect_uses();
        for (const auto& [source, signal] : inputs_) unpack(source, signal);
        int cycle = -1;
        for (const ValueId value : plan_.nodes_of[kernel_.index()]) {
            if (plan_.cycle(value) != cycle) {
                cycle = plan_.cycle(value);
                module_.statements.emplace_back(Note{fmt::format("cycle {}", cycle)});
            }
            lower(value);
        }
        const Bits all = packed(owner());
        module_.statements.push_back(Assign{out, Operation::kBits, {all}, 0, {}});
        module_.comment = describe();
        return finish();
    }

  private:
    [[nodiscard]] const Owner& owner() const { return plan_.exports.owners[kernel_.index()]; }

    void declare_input(std::size_t source) {
        const Owner& from = plan_.exports.owners[source];
        inputs_.emplace_back(source, port(from.name, plan_.width(from), SignalKind::kInput));
    }

    void collect_uses() {
        for (const ValueId value : plan_.nodes_of[kernel_.index()]) {
            for (const ValueId arg : plan_.node(value).operands()) {
                uses_.insert({arg, plan_.cycle(value)});
                used_.insert(arg);
            }
        }
    }

    void unpack(std::size_t source, SignalId vector) {
        const Owner& from = plan_.exports.owners[source];
        std::map<ValueId, int> taps;
        for (const Tap& tap : from.taps) ++taps[tap.value];
        int offset = 0;
        for (std::size_t t = 0; t < from.taps.size(); ++t) {
            const Tap& tap = from.taps[t];
            const bool is_used =
                taps[tap.value] == 1 ? used_.contains(tap.value) : uses_.contains(tap);
            if (is_used) {
                unpack_tap(from, t, wiring_.all(vector), offset, from.name + "_" + from.labels[t]);
            }
            offset += plan_.node(tap.value).format.width;
        }
    }

    Operand operand(ValueId value, int cycle) {
        const Node& node = plan_.node(value);
        const auto fixed_bits = constant_results_.find(value);
        if (fixed_bits != constant_results_.end() && cycle == plan_.cycle(value)) {
            return {{fixed_bits->second, node.format.is_signed}, node.format, node.range};
        }
        return {{bits_at(value, cycle), node.format.is_signed}, node.format, node.range};
    }

    void lower(ValueId value) {
        const Node& node = plan_.node(value);
        const bool is_exported = exported_.contains(value);
        const std::string name =
            is_exported ? fmt::format("out_{}", next_output_++) : fmt::format("v{}", next_value_++);
        wiring_.set_base(name);
        std::vector<Operand> operands;
        for (const ValueId arg : node.operands())
            operands.push_back(operand(arg, plan_.cycle(value)));
        const std::size_t table = node.op == Op::kTable ? table_function(node, operands[0]) : 0;
        Legalizer legalizer(wiring_);
        const Bits result = legalizer.lower(node, operands, table);
        if (result.constant()) constant_results_.emplace(value, result);
        const SignalId signal =
            wiring_.name_result(result, name, is_exported ? fixed::to_string(node.format) : "");
        define(value, plan_.cycle(value), signal);
        module_.values.emplace_back(value, signal);
    }

    std::size_t table_function(const Node& node, const Operand& index) {
        const auto [slot, is_new] =
            tables_.try_emplace({node.table, node.format.width}, module_.tables.size());
        if (is_new) {
            const dfg::Table& table = plan_.flat.program.table(node.table);
            TableFunction function{
                names_.unique("table_" + table.name), index.format.width, node.format.width, {}};
            for (const fixed::Integer& code : table.codes) {
                function.entries.push_back(code.low_bits(node.format.width));
            }
            module_.tables.push_back(std::move(function));
        }
        return slot->second;
    }

    [[nodiscard]] std::string describe() const {
        const arch::Kernel& kernel = plan_.design.kernels[kernel_.index()];
        const auto& nodes = plan_.nodes_of[kernel_.index()];
        return one_line(fmt::format("{}: {}; {} operations in cycles {} to {}", kernel.name,
                                    kernel.description, nodes.size(), plan_.cycle(nodes.front()),
                                    plan_.cycle(nodes.back())));
    }

    const KernelId kernel_;
    std::vector<std::pair<std::size_t, SignalId>> inputs_;
    std::set<ValueId> exported_;
    std::set<Tap> uses_;
    std::set<ValueId> used_;
    std::map<std::pair<dfg::TableId, int>, std::size_t> tables_;
    /// Results that turned out constant bit by bit (the low bits of a shifted value): used as such
    /// in their own cycle. Delayed they are registers like others, which the schedule has counted.
    std::unordered_map<ValueId, Bits> constant_results_;
    int next_value_ = 0;
    int next_output_ = 0;
};

class TopModule : ModuleBuilder {
  public:
    TopModule(const Plan& plan, const Netlist& netlist)
        : ModuleBuilder(plan, netlist.name), netlist_(netlist) {
        rst_ = port("rst", 1, SignalKind::kInput);
        in_valid_ = port("in_valid", 1, SignalKind::kInput);
        in_ = port("in", input_bits(netlist), SignalKind::kInput);
        out_valid_ = port("out_valid", 1, SignalKind::kOutput);
        out_ = port("out", output_bits(netlist), SignalKind::kOutput);
    }

    Module build() {
        valid_pipeline();
        unpack_inputs();
        for (std::size_t p = 0; p < plan_.design.inputs.size(); ++p) {
            const std::size_t source = plan_.design.kernels.size() + p;
            const Owner& owner = plan_.exports.owners[source];
            if (owner.taps.empty()) continue;
            buses_[source] = wiring_.name_result(packed(owner), owner.name);
        }
        for (std::size_t m = 0; m < netlist_.modules.size(); ++m) instantiate(ModuleId(m));
        drive_outputs();
        module_.comment =
            one_line(fmt::format("{}: {} layers, a new event each cycle, result {} cycles later, "
                                 "scheduled for {:.4g} MHz",
                                 plan_.design.name, netlist_.modules.size(),
                                 netlist_.latency_cycles, netlist_.clock_mhz));
        // The top keeps clk even if nothing in it is clocked, so that every design has the same
        // ports.
        has_registers_ = true;
        return finish();
    }

  private:
    void valid_pipeline() {
        const int latency = netlist_.latency_cycles;
        Bits valid = wiring_.all(in_valid_);
        if (latency > 0) {
            const SignalId pipe = wiring_.add_signal("valid", latency, SignalKind::kRegister);
            const Bits next = concat(take({wiring_.all(pipe), false}, 0, latency - 1), valid);
            module_.statements.push_back(Register{pipe, next, Register::Reset::kToZero});
            valid = take({wiring_.all(pipe), false}, latency - 1, 1);
        }
        module_.statements.push_back(Assign{out_valid_, Operation::kBits, {valid}, 0, {}});
    }

    void unpack_inputs() {
        std::size_t next = 0;
        int offset = 0;
        for (const arch::Port& port : plan_.design.inputs) {
            for (std::size_t e = 0; e < port.elements.size(); ++e) {
                const ValueId value = plan_.flat.program.inputs()[next++];
                const fixed::Format& format = port.elements[e].format;
                if (plan_.live[value.index()]) {
                    const Bits bits = take({wiring_.all(in_), false}, offset, format.width);
                    const SignalId signal = wiring_.name_result(
                        bits, fmt::format("{}_{}", port.name, e), fixed::to_string(format));
                    define(value, 0, signal);
                    module_.values.emplace_back(value, signal);
                }
                offset += format.width;
            }
        }
    }

    void instantiate(ModuleId id) {
        const Module& module = netlist_[id];
        const std::size_t kernel = module.kernel.index();
        const Owner& owner = plan_.exports.owners[kernel];
        const SignalId out =
            wiring_.add_signal(owner.name + "_out", plan_.width(owner), SignalKind::kWire);
        // Not the layer's name alone: signals inside may carry that.
        Instance instance{names_.unique(owner.name + "_i"), id, {}};
        auto port = module.ports.begin();
        if (module[*port].name == "clk") instance.connections.push_back({*port++, clk_});
        for (const std::size_t source : plan_.exports.reads[kernel]) {
            instance.connections.push_back({*port++, buses_.at(source)});
        }
        instance.connections.push_back({*port, out});
        module_.statements.emplace_back(std::move(instance));
        buses_[kernel] = out;
    }

    void drive_outputs() {
        const int latency = netlist_.latency_cycles;
        std::set<ValueId> results;
        for (const ValueId output : plan_.flat.program.outputs()) results.insert(output);
        for (const std::size_t source : plan_.exports.reads.back()) {
            const Owner& owner = plan_.exports.owners[source];
            std::map<ValueId, int> last;
            for (const Tap& tap : owner.taps)
                last[tap.value] = std::max(last[tap.value], tap.cycle);
            int offset = 0;
            for (std::size_t t = 0; t < owner.taps.size(); ++t) {
                const Tap& tap = owner.taps[t];
                if (results.contains(tap.value) && tap.cycle == last[tap.value]) {
                    unpack_tap(owner, t, wiring_.all(buses_.at(source)), offset,
                               owner.name + "_" + owner.labels[t]);
                }
                offset += plan_.node(tap.value).format.width;
            }
        }
        Bits all;
        for (const ValueId output : plan_.flat.program.outputs()) {
            append(all, bits_at(output, latency));
        }
        if (all.width() == 0) all = constant_bits(0, 1);
        module_.statements.push_back(Assign{out_, Operation::kBits, {all}, 0, {}});
    }

    const Netlist& netlist_;
    SignalId rst_, in_valid_, in_, out_valid_, out_;
    std::map<std::size_t, SignalId> buses_;  // per owner: its packed values
};

std::vector<std::vector<ValueId>> nodes_by_kernel(const Plan& plan) {
    std::vector<std::vector<ValueId>> nodes(plan.design.kernels.size());
    for (std::size_t i = 0; i < plan.flat.program.size(); ++i) {
        if (!plan.live[i] || plan.flat.program.nodes()[i].op == Op::kInput) continue;
        nodes[plan.exports.owner_of[i]].emplace_back(i);
    }
    for (auto& list : nodes) {
        std::stable_sort(list.begin(), list.end(),
                         [&](ValueId a, ValueId b) { return plan.cycle(a) < plan.cycle(b); });
    }
    return nodes;
}

}  // namespace

Netlist build_netlist(const arch::Design& design, const arch::FlatProgram& flat,
                      const schedule::Schedule& schedule) {
    std::vector<bool> live = schedule::live_values(flat.program);
    Exports exports = find_exports(design, flat, schedule, live);
    Plan plan{design, flat, schedule, std::move(live), std::move(exports), {}};
    plan.nodes_of = nodes_by_kernel(plan);

    Netlist netlist;
    netlist.inputs = design.inputs;
    netlist.outputs = design.outputs;
    netlist.latency_cycles = schedule.latency_cycles;
    netlist.initiation_interval = schedule.initiation_interval;
    netlist.clock_mhz = schedule.clock_mhz;
    Namer names;
    netlist.name = names.unique(design.name);
    names.unique(netlist.name + "_axis");
    names.unique(netlist.name + "_tb");
    for (std::size_t k = 0; k < design.kernels.size(); ++k) {
        if (plan.nodes_of[k].empty()) continue;  // wiring only
        const std::string name = names.unique(netlist.name + "_" + design.kernels[k].name);
        netlist.modules.push_back(KernelModule(plan, KernelId(k), name).build());
    }
    netlist.modules.push_back(TopModule(plan, netlist).build());
    return netlist;
}

}  // namespace gatewright::rtl
