// SPDX-License-Identifier: Apache-2.0
#include "rtl/stages/circuit.h"

#include "support/check.h"

namespace gatewright::rtl {

using fixed::Integer;

int count_bits(std::int64_t limit) {
    int bits = 1;
    while ((std::int64_t{1} << bits) < limit) ++bits;
    return bits;
}

Bits converted(const Bits& bits, const fixed::Format& from, const fixed::Format& to) {
    return take({bits, from.is_signed}, from.frac - to.frac, to.width);
}

Circuit::Circuit(std::string name, std::string comment) : wiring_(module_, names_) {
    module_.name = std::move(name);
    module_.comment = std::move(comment);
    clk_ = add_port("clk", 1, SignalKind::kInput);
    rst_ = add_port("rst", 1, SignalKind::kInput);
}

SignalId Circuit::add_port(std::string_view name, int width, SignalKind kind) {
    const SignalId port = wiring_.add_signal(name, width, kind);
    module_.ports.push_back(port);
    return port;
}

Bits Circuit::input(std::string_view name, int width) {
    return all(add_port(name, width, SignalKind::kInput));
}

Bits Circuit::output(std::string_view name, int width) {
    return all(add_port(name, width, SignalKind::kOutput));
}

Bits Circuit::wire(std::string_view name, int width) {
    const SignalId id = wiring_.add_signal(name, width, SignalKind::kWire);
    module_.statements.emplace_back(Declaration{id});
    return all(id);
}

Bits Circuit::state(std::string_view name, int width) {
    const SignalId id = wiring_.add_signal(name, width, SignalKind::kRegister);
    module_.statements.emplace_back(Declaration{id});
    return all(id);
}

SignalId Circuit::whole(const Bits& bits) const {
    const auto id = bits.whole(module_.signals);
    GW_CHECK(id.has_value(), "not a signal of module " + module_.name);
    return *id;
}

void Circuit::drive(const Bits& target, const Bits& value) {
    GW_CHECK(target.width() == value.width(), "driven with another width in " + module_.name);
    module_.statements.emplace_back(Assign{whole(target), Operation::kBits, {value}, 0, {}});
}

void Circuit::clock(const Bits& target, const Bits& next, const Bits& enable,
                    Register::Reset reset) {
    GW_CHECK(target.width() == next.width(), "clocked with another width in " + module_.name);
    Register held{whole(target), next, reset, Register::Sharing::kFree, enable};
    if (enable == one()) held.enable = {};
    module_.statements.emplace_back(std::move(held));
}

Bits Circuit::delayed(std::string_view name, const Bits& value, const Bits& enable,
                      Register::Reset reset) {
    const SignalId id = wiring_.add_signal(name, value.width(), SignalKind::kRegister);
    clock(all(id), value, enable, reset);
    return all(id);
}

Bits Circuit::emit(std::string_view name, int width, Operation operation,
                   std::vector<Bits> operands, std::size_t table) {
    const SignalId target = wiring_.add_signal(name, width, SignalKind::kWire);
    module_.statements.emplace_back(Assign{target, operation, std::move(operands), table, {}});
    return all(target);
}

Bits Circuit::named(std::string_view name, const Bits& value) {
    if (value.constant() || value.whole(module_.signals)) return value;
    return emit(name, value.width(), Operation::kBits, {value});
}

Bits Circuit::both(std::string_view name, const Bits& a, const Bits& b) {
    for (const auto& [fixed, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
        const auto value = fixed->constant();
        if (value && value->is_zero()) return *fixed;
        if (value && *value == Integer::power_of_two(fixed->width()) - 1) return *other;
    }
    return emit(name, a.width(), Operation::kAnd, {a, b});
}

Bits Circuit::all_of(std::string_view name, const std::vector<Bits>& terms) {
    Bits bits;
    for (const Bits& term : terms) {
        if (term == zero()) return term;
        if (term != one()) append(bits, term);
    }
    if (bits.width() == 0) return one();
    if (bits.width() == 1) return bits;
    return emit(name, 1, Operation::kReduceAnd, {bits});
}

Bits Circuit::either(std::string_view name, const Bits& a, const Bits& b) {
    for (const auto& [fixed, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
        const auto value = fixed->constant();
        if (value && value->is_zero()) return *other;
        if (value && *value == Integer::power_of_two(fixed->width()) - 1) return *fixed;
    }
    return emit(name, a.width(), Operation::kOr, {a, b});
}

Bits Circuit::differ(std::string_view name, const Bits& a, const Bits& b) {
    for (const auto& [fixed, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
        if (const auto value = fixed->constant(); value && value->is_zero()) return *other;
    }
    return emit(name, a.width(), Operation::kXor, {a, b});
}

Bits Circuit::invert(std::string_view name, const Bits& a) {
    if (const auto value = a.constant()) {
        return constant_bits(Integer::power_of_two(a.width()) - 1 - *value, a.width());
    }
    return emit(name, a.width(), Operation::kNot, {a});
}

Bits Circuit::choose(std::string_view name, const Bits& condition, const Bits& if_true,
                     const Bits& if_false) {
    if (const auto value = condition.constant()) return value->is_zero() ? if_false : if_true;
    if (if_true == if_false) return if_true;
    return emit(name, if_true.width(), Operation::kSelect, {condition, if_true, if_false});
}

Bits Circuit::plus(std::string_view name, const Bits& a, const Bits& b) {
    for (const auto& [fixed, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
        if (const auto value = fixed->constant(); value && value->is_zero()) return *other;
    }
    return emit(name, a.width(), Operation::kAdd, {a, b});
}

Bits Circuit::minus(std::string_view name, const Bits& a, const Bits& b) {
    if (const auto value = b.constant(); value && value->is_zero()) return a;
    return emit(name, a.width(), Operation::kSub, {a, b});
}

Bits Circuit::equals(std::string_view name, const Bits& a, const Bits& b) {
    if (a == b) return one();
    const auto value_a = a.constant();
    const auto value_b = b.constant();
    if (value_a && value_b) return zero();
    return emit(name, 1, Operation::kEqual, {a, b});
}

Bits Circuit::equals(std::string_view name, const Bits& a, std::int64_t value) {
    if (a.constant()) return constant_bits(*a.constant() == Integer(value) ? 1 : 0, 1);
    if (Integer(value) >= Integer::power_of_two(a.width())) return zero();
    if (a.width() == 1) return value == 1 ? a : invert(name, a);
    return emit(name, 1, Operation::kEqual, {a, constant_bits(value, a.width())});
}

Bits Circuit::below(std::string_view name, const Bits& a, const Bits& b) {
    if (const auto value = b.constant(); value && value->is_zero()) return zero();
    if (a.constant() && b.constant())
        return constant_bits(*a.constant() < *b.constant() ? 1 : 0, 1);
    if (const auto value = a.constant(); value && value->is_zero()) {
        return b.width() == 1 ? b : emit(name, 1, Operation::kReduceOr, {b});
    }
    return emit(name, 1, Operation::kLess, {a, b});
}

Bits Circuit::pick(std::string_view name, const Bits& index, const std::vector<Bits>& choices) {
    std::vector<Bits> level = choices;
    for (int bit = 0; level.size() > 1; ++bit) {
        const Bits high = take({index, false}, bit, 1);
        std::vector<Bits> next;
        for (std::size_t i = 0; i < level.size(); i += 2) {
            const bool is_pair = i + 1 < level.size();
            next.push_back(is_pair ? choose(name, high, level[i + 1], level[i]) : level[i]);
        }
        level = std::move(next);
    }
    return level.front();
}

Bits Circuit::table(std::string_view name, const Bits& index, int width,
                    const std::vector<Integer>& entries) {
    bool is_constant = true;
    for (const Integer& entry : entries) is_constant = is_constant && entry == entries.front();
    if (is_constant) return constant_bits(entries.front(), width);
    TableFunction function{unique_name(std::string(name) + "_table"), index.width(), width,
                           entries};
    function.entries.resize(std::size_t{1} << static_cast<unsigned>(index.width()), entries.back());
    module_.tables.push_back(std::move(function));
    return emit(name, width, Operation::kTable, {index}, module_.tables.size() - 1);
}

Circuit::Counter Circuit::counter(std::string_view name, std::int64_t limit, const Bits& enable) {
    if (limit <= 1) return {constant_bits(0, 1), one()};
    const int width = count_bits(limit);
    const std::string base(name);
    const Bits value = state(base, width);
    const Bits is_last = equals(base + "_is_last", value, limit - 1);
    const Bits sum = plus(base + "_plus_1", value, constant_bits(1, width));
    const bool wraps_by_itself = Integer(limit) == Integer::power_of_two(width);
    const Bits next =
        wraps_by_itself ? sum : choose(base + "_next", is_last, constant_bits(0, width), sum);
    clock_reset(value, next, enable);
    return {value, is_last};
}

void Circuit::memory(Memory memory) {
    memory.name = unique_name(memory.name);
    module_.statements.emplace_back(std::move(memory));
}

Bits Circuit::read_target(std::string_view name, int width, Memory::Read::Kind kind) {
    return all(wiring_.add_signal(
        name, width,
        kind == Memory::Read::Kind::kSynchronous ? SignalKind::kRegister : SignalKind::kWire));
}

SignalId Circuit::signal(std::string_view name, const Bits& value) {
    if (const auto id = value.whole(module_.signals)) return *id;
    return whole(emit(name, value.width(), Operation::kBits, {value}));
}

void Circuit::instance(std::string_view name, const Netlist& netlist, ModuleId id,
                       const std::vector<std::pair<std::string, Bits>>& connections) {
    const Module& inner = netlist[id];
    Instance made{unique_name(name), id, {}};
    for (const SignalId port : inner.ports) {
        const std::string& port_name = inner[port].name;
        if (port_name == "clk" || port_name == "rst") {
            made.connections.push_back({port, port_name == "clk" ? clk_ : rst_});
            continue;
        }
        bool is_connected = false;
        for (const auto& [to, bits] : connections) {
            if (to != port_name) continue;
            GW_CHECK(bits.width() == inner[port].width,
                     "port " + port_name + " of " + inner.name + " has another width");
            is_connected = true;
            made.connections.push_back({port, signal(std::string(name) + "_" + port_name, bits)});
        }
        GW_CHECK(is_connected, "port " + port_name + " of " + inner.name + " is open");
    }
    module_.statements.emplace_back(std::move(made));
}

}  // namespace gatewright::rtl
