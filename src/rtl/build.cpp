// SPDX-License-Identifier: Apache-2.0
//
// The netlist from design and schedule: a module per kernel, then the top that connects them.
// Within a module statements stand cycle by cycle. A value asked for in a later cycle than it is
// made in gets one register per cycle between, made when first needed and shared by all later
// askers; it holds the bits that are still needed then. Wiring is never held: asked for in any
// cycle, it is wired to what holds the values behind it.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "rtl/emit.h"
#include "rtl/exports.h"
#include "rtl/legalize.h"
#include "rtl/three_input_adder.h"
#include "schedule/liveness.h"
#include "schedule/wires.h"
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
    std::vector<schedule::BitRuns> traced;
    std::vector<std::vector<std::int32_t>> last_uses;
    Copies copies;
    Exports exports;
    std::vector<std::vector<ValueId>> nodes_of;  // per kernel: live nodes by cycle, then by number

    [[nodiscard]] const Node& node(ValueId value) const { return flat.program[value]; }
    [[nodiscard]] int cycle(ValueId value) const { return schedule.cycle[value.index()]; }
    [[nodiscard]] std::vector<ValueId> values_read(ValueId value) const {
        return schedule::values_read(flat.program, value, schedule.absorbed);
    }
    [[nodiscard]] int first_cycle(ValueId value) const {
        return node(value).op == Op::kInput ? 0 : cycle(value);
    }
    // A bit is there in the cycle its value is made in, and as long as somebody still needs it.
    [[nodiscard]] bool holds(ValueId value, int bit, int cycle) const {
        return cycle == first_cycle(value) ||
               last_uses[value.index()][static_cast<std::size_t>(bit)] >= cycle;
    }
    [[nodiscard]] int width(const Tap& tap) const {
        int bits = 0;
        for (int bit = 0; bit < node(tap.value).format.width; ++bit)
            bits += holds(tap.value, bit, tap.cycle) ? 1 : 0;
        return bits;
    }
    [[nodiscard]] int width(const Owner& owner) const {
        int bits = 0;
        for (const Tap& tap : owner.taps) bits += width(tap);
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
    /// `reader`: whose uses these are, the number of a kernel or, for the top, of kernels.
    ModuleBuilder(const Plan& plan, std::size_t reader, std::string name)
        : plan_(plan), reader_(reader), wiring_(module_, names_) {
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

    // `signal` has the bits that the value still has in the cycle, side by side.
    void define(const Tap& tap, SignalId signal) {
        const bool is_new =
            values_[tap.value].emplace(std::pair{tap.cycle, tap.copy}, signal).second;
        GW_CHECK(is_new, "value defined twice");
    }

    // The value as it is in this cycle, delayed by registers if it was made earlier.
    SignalId at(const Tap& tap) {
        auto& known = values_[tap.value];
        if (const auto found = known.find({tap.cycle, tap.copy}); found != known.end())
            return found->second;
        auto before = known.upper_bound({tap.cycle, 0});
        while (before != known.begin() && std::prev(before)->first.second != 0) --before;
        GW_CHECK(before != known.begin(), "value read before it is made");
        --before;
        const std::string base = module_[known.begin()->second].name;
        const int made = known.begin()->first.first;
        if (tap.copy > 0) {
            const SignalId source = at({tap.value, tap.cycle - 1, 0});
            return hold({tap.value, tap.cycle - 1, 0}, tap, source,
                        fmt::format("{}_d{}_copy{}", base, tap.cycle - made, tap.copy));
        }
        SignalId signal = before->second;
        for (int now = before->first.first; now < tap.cycle; ++now) {
            signal = hold({tap.value, now, 0}, {tap.value, now + 1, 0}, signal,
                          fmt::format("{}_d{}", base, now + 1 - made));
        }
        return signal;
    }

    // One register: of the bits in `source`, those still needed a cycle later.
    SignalId hold(const Tap& from, const Tap& to, SignalId source, const std::string& name) {
        Bits next;
        int position = 0;
        for (int bit = 0; bit < plan_.node(from.value).format.width; ++bit) {
            if (!plan_.holds(from.value, bit, from.cycle)) continue;
            if (plan_.holds(to.value, bit, to.cycle))
                append(next, take({wiring_.all(source), false}, position, 1));
            ++position;
        }
        const SignalId target = wiring_.add_signal(name, next.width(), SignalKind::kRegister);
        Register held{target, std::move(next), Register::Reset::kNone};
        if (to.copy > 0) held.sharing = Register::Sharing::kKept;
        module_.statements.emplace_back(std::move(held));
        has_registers_ = true;
        define(to, target);
        return target;
    }

    // All bits of a computed value in a cycle; those that nobody here looks at, or nobody needs any
    // more, are zero.
    Bits computed_bits(const Tap& tap) {
        const int width = plan_.node(tap.value).format.width;
        if (const auto found = constant_results_.find(tap.value);
            found != constant_results_.end() && tap.cycle == plan_.cycle(tap.value)) {
            return found->second;
        }
        if (!uses().contains(tap)) return constant_bits(0, width);
        const SignalId signal = at(tap);
        Bits out;
        int position = 0;
        for (int bit = 0; bit < width; ++bit) {
            const bool is_held = plan_.holds(tap.value, bit, tap.cycle);
            append(out,
                   is_held ? take({wiring_.all(signal), false}, position, 1) : constant_bits(0, 1));
            position += is_held ? 1 : 0;
        }
        return out;
    }

    // Any value in a cycle, as `user` sees it.
    Bits bits_at(ValueId value, int cycle, std::size_t user) {
        Bits out;
        for (const schedule::BitRun& run : plan_.traced[value.index()]) {
            if (run.kind == schedule::BitRun::Kind::kConstant) {
                append(out, constant_bits(run.constant, run.width));
                continue;
            }
            const ValueId source(run.source);
            const Bits all =
                computed_bits({source, cycle, plan_.copies.copy_for(source, cycle, user)});
            if (run.kind == schedule::BitRun::Kind::kSlice) {
                append(out, take({all, false}, run.low, run.width));
            } else {
                append(out, take({take({all, false}, run.low, 1), true}, 0, run.width));
            }
        }
        return out;
    }

    // Names the taps of another module's packed vector that are read here. What is read in a cycle
    // it does not cross in is delayed here from when it is made.
    void unpack(const Owner& owner, const Bits& vector) {
        const std::set<Tap> crossing(owner.taps.begin(), owner.taps.end());
        std::set<Tap> needed;
        for (const Tap& use : uses()) {
            const Tap first{use.value, plan_.cycle(use.value), 0};
            needed.insert(crossing.contains(use) ? use : first);
        }
        int offset = 0;
        for (std::size_t t = 0; t < owner.taps.size(); ++t) {
            const Tap& tap = owner.taps[t];
            const int width = plan_.width(tap);
            if (needed.contains(tap)) {
                const fixed::Format& format = plan_.node(tap.value).format;
                define(tap,
                       wiring_.name_result(take({vector, false}, offset, width),
                                           owner.name + "_" + owner.labels[t],
                                           width == format.width ? fixed::to_string(format) : ""));
            }
            offset += width;
        }
    }

    Bits packed(const Owner& owner) {
        Bits out;
        for (const Tap& tap : owner.taps) append(out, wiring_.all(at(tap)));
        return out;
    }

    Module finish() {
        if (!has_registers_) std::erase(module_.ports, clk_);
        return std::move(module_);
    }

    [[nodiscard]] const std::set<Tap>& uses() const { return plan_.exports.uses[reader_]; }

    const Plan& plan_;
    const std::size_t reader_;
    Module module_;
    Namer names_;
    Wiring wiring_;
    SignalId clk_;
    bool has_registers_ = false;
    /// Per computed value: cycle and copy, and the signal that holds it then.
    std::unordered_map<ValueId, std::map<std::pair<int, int>, SignalId>> values_;
    /// Results that turned out constant bit by bit (the low bits of a shifted value): used as such
    /// in their own cycle. Delayed they are registers like others, which the schedule has counted.
    std::unordered_map<ValueId, Bits> constant_results_;
};

class KernelModule : ModuleBuilder {
  public:
    KernelModule(const Plan& plan, KernelId kernel, std::string name)
        : ModuleBuilder(plan, kernel.index(), std::move(name)), kernel_(kernel) {
        module_.kernel = kernel;
        for (const Tap& tap : owner().taps) exported_.insert(tap.value);
    }

    Module build() {
        for (const std::size_t source : plan_.exports.reads[kernel_.index()]) declare_input(source);
        const int out_width = plan_.width(owner());
        const SignalId out = out_width > 0 ? port("out", out_width, SignalKind::kOutput) : clk_;
        for (const auto& [source, signal] : inputs_) {
            unpack(plan_.exports.owners[source], wiring_.all(signal));
        }
        int cycle = -1;
        for (const ValueId value : plan_.nodes_of[kernel_.index()]) {
            if (plan_.cycle(value) != cycle) {
                cycle = plan_.cycle(value);
                module_.statements.emplace_back(Note{fmt::format("cycle {}", cycle)});
            }
            lower(value);
        }
        if (out_width > 0) {
            module_.statements.push_back(Assign{out, Operation::kBits, {packed(owner())}, 0, {}});
        }
        module_.comment = describe();
        return finish();
    }

  private:
    [[nodiscard]] const Owner& owner() const { return plan_.exports.owners[kernel_.index()]; }

    void declare_input(std::size_t source) {
        const Owner& from = plan_.exports.owners[source];
        inputs_.emplace_back(source, port(from.name, plan_.width(from), SignalKind::kInput));
    }

    Operand operand(ValueId value, ValueId user) {
        const Node& node = plan_.node(value);
        return {{bits_at(value, plan_.cycle(user), user.index()), node.format.is_signed},
                node.format,
                node.range,
                is_made_by_luts(value, plan_.cycle(user))};
    }

    // Through wiring down to the operation whose result it is.
    [[nodiscard]] bool is_made_by_luts(ValueId value, int cycle) const {
        const Node& node = plan_.node(value);
        if (node.op == Op::kInput || plan_.cycle(value) != cycle) return false;
        switch (node.op) {
            case Op::kInput:
            case Op::kConstant:
            case Op::kAdd:
            case Op::kSub:
            case Op::kMul:
            case Op::kPopcount:
                return false;
            case Op::kCast: {
                const bool clamps = node.overflow != fixed::Overflow::kWrap;
                if (clamps && can_overflow(plan_.node(node.args[0]).range, node.cast()))
                    return true;
                return is_made_by_luts(node.args[0], cycle);
            }
            case Op::kSlice:
            case Op::kConcat:
                return is_made_by_luts(node.args[0], cycle);
            case Op::kSelect:
            case Op::kLess:
            case Op::kLessEqual:
            case Op::kEqual:
            case Op::kMin:
            case Op::kMax:
            case Op::kTable:
            case Op::kAnd:
            case Op::kOr:
            case Op::kXor:
            case Op::kNot:
                return true;
        }
        GW_UNREACHABLE("op");
    }

    void lower(ValueId value) {
        const Node& node = plan_.node(value);
        const bool is_exported = exported_.contains(value);
        const std::string name =
            is_exported ? fmt::format("out_{}", next_output_++) : fmt::format("v{}", next_value_++);
        wiring_.set_base(name);
        std::vector<Operand> operands;
        for (const ValueId arg : plan_.values_read(value)) operands.push_back(operand(arg, value));
        const std::size_t table = node.op == Op::kTable ? table_function(node, operands[0]) : 0;
        const Bits result = lowered(value, operands, table);
        const SignalId signal =
            wiring_.name_result(result, name, is_exported ? fixed::to_string(node.format) : "");
        if (!schedule::is_wiring(plan_.flat.program, node)) {
            if (result.constant()) constant_results_.emplace(value, result);
            define({value, plan_.cycle(value), 0}, signal);
        }
        module_.values.emplace_back(value, signal);
    }

    Bits lowered(ValueId value, const std::vector<Operand>& operands, std::size_t table) {
        const Node& node = plan_.node(value);
        Legalizer legalizer(wiring_);
        if (operands.size() <= node.operands().size())
            return legalizer.lower(node, operands, table);
        const auto terms = schedule::terms_of(plan_.flat.program, value, plan_.schedule.absorbed);
        return legalizer.lower_three(node, terms, operands,
                                     schedule::chain_bits(plan_.flat.program, node, terms));
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
    std::map<std::pair<dfg::TableId, int>, std::size_t> tables_;
    int next_value_ = 0;
    int next_output_ = 0;
};

class TopModule : ModuleBuilder {
  public:
    TopModule(const Plan& plan, const Netlist& netlist)
        : ModuleBuilder(plan, plan.design.kernels.size(), netlist.name), netlist_(netlist) {
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
                    define({value, 0, 0}, signal);
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
        // Not the layer's name alone: signals inside may carry that.
        Instance instance{names_.unique(owner.name + "_i"), id, {}};
        auto port = module.ports.begin();
        if (module[*port].name == "clk") instance.connections.push_back({*port++, clk_});
        for (const std::size_t source : plan_.exports.reads[kernel]) {
            instance.connections.push_back({*port++, buses_.at(source)});
        }
        if (plan_.width(owner) > 0) {
            const SignalId out =
                wiring_.add_signal(owner.name + "_out", plan_.width(owner), SignalKind::kWire);
            instance.connections.push_back({*port, out});
            buses_[kernel] = out;
        }
        module_.statements.emplace_back(std::move(instance));
    }

    void drive_outputs() {
        const int latency = netlist_.latency_cycles;
        for (const std::size_t source : plan_.exports.reads.back()) {
            unpack(plan_.exports.owners[source], wiring_.all(buses_.at(source)));
        }
        Bits all;
        for (const ValueId output : plan_.flat.program.outputs()) {
            append(all, bits_at(output, latency, schedule::kOutputUser));
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
        if (schedule::is_absorbed(plan.schedule.absorbed, ValueId(i))) continue;
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
    Copies copies(flat.program, schedule);
    Exports exports = find_exports(design, flat, schedule, live, copies);
    Plan plan{design,
              flat,
              schedule,
              std::move(live),
              schedule::trace_bits(flat.program),
              schedule::last_uses(flat.program, schedule),
              std::move(copies),
              std::move(exports),
              {}};
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
    names.unique(three_input_adder_name(netlist));
    for (std::size_t k = 0; k < design.kernels.size(); ++k) {
        if (!plan.exports.computes[k]) continue;  // wiring only
        const std::string name = names.unique(netlist.name + "_" + design.kernels[k].name);
        netlist.modules.push_back(KernelModule(plan, KernelId(k), name).build());
    }
    netlist.modules.push_back(TopModule(plan, netlist).build());
    return netlist;
}

}  // namespace gatewright::rtl
