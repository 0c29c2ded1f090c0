// SPDX-License-Identifier: Apache-2.0
#include "verify/netlist_terms.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/check.h"
#include "verify/smt_domain.h"

namespace gatewright::verify {

using rtl::Assign;
using rtl::Bits;
using rtl::Instance;
using rtl::Module;
using rtl::Operation;
using rtl::Piece;
using rtl::Register;
using rtl::Statement;

NetlistGraph::NetlistGraph(const rtl::Netlist& netlist) : netlist_(netlist) {
    for (std::size_t m = 0; m < netlist.modules.size(); ++m) {
        for (const Statement& statement : netlist.modules[m].statements) {
            if (const auto* assign = std::get_if<Assign>(&statement)) {
                drivers_[{m, assign->target}] = &statement;
            } else if (const auto* reg = std::get_if<Register>(&statement)) {
                drivers_[{m, reg->target}] = &statement;
            } else if (const auto* instance = std::get_if<Instance>(&statement)) {
                const std::size_t child = instance->module.index();
                for (const auto& [port, signal] : instance->connections) {
                    const bool into = netlist.modules[child][port].kind == rtl::SignalKind::kInput;
                    const Net inside{child, port};
                    const Net outside{m, signal};
                    across_[into ? inside : outside] = into ? outside : inside;
                }
            }
        }
    }
}

int NetlistGraph::width(const Net& net) const {
    return netlist_.modules[net.module][net.signal].width;
}

std::string NetlistGraph::name(const Net& net) const {
    return netlist_.modules[net.module].name + "." + netlist_.modules[net.module][net.signal].name;
}

const Statement* NetlistGraph::driver(const Net& net) const {
    const auto found = drivers_.find(net);
    return found == drivers_.end() ? nullptr : found->second;
}

std::optional<Net> NetlistGraph::across(const Net& net) const {
    const auto found = across_.find(net);
    if (found == across_.end()) return std::nullopt;
    return found->second;
}

Net NetlistGraph::top_port(const std::string& port_name) const {
    const Module& top = netlist_.top();
    for (const rtl::SignalId port : top.ports) {
        if (top[port].name == port_name) return {netlist_.modules.size() - 1, port};
    }
    GW_UNREACHABLE("the top has no port " + port_name);
}

Result<std::optional<int>> Balance::of_bits(const Net& target, const Bits& bits, int low,
                                            int width) {
    std::optional<int> all;
    int offset = 0;
    for (const Piece& piece : bits.pieces) {
        const int first = std::max(low, offset);
        const int last = std::min(low + width, offset + piece.width);
        const int skipped = first - offset;
        offset += piece.width;
        if (first >= last || piece.kind == Piece::Kind::kConstant) continue;
        const bool slice = piece.kind == Piece::Kind::kSlice;
        GW_TRY(const std::optional<int> own, cycles({{target.module, piece.signal},
                                                     slice ? piece.low + skipped : piece.low,
                                                     slice ? last - first : 1}));
        if (own && all && *own != *all) {
            return fail(graph_.name(target) + ": values of different cycles meet");
        }
        if (own) all = own;
    }
    return all;
}

Result<std::optional<int>> Balance::cycles(const NetPart& part) {
    if (const auto known = known_.find(part); known != known_.end()) return known->second;
    if (!open_.insert(part).second) return fail(graph_.name(part.net) + ": depends on itself");
    GW_TRY(const std::optional<int> result, derive(part));
    open_.erase(part);
    known_[part] = result;
    return result;
}

Result<std::optional<int>> Balance::derive(const NetPart& part) {
    if (const auto other = graph_.across(part.net)) return cycles({*other, part.low, part.width});
    const Statement* driver = graph_.driver(part.net);
    if (driver == nullptr) return 0;  // an input of the top
    if (const auto* reg = std::get_if<Register>(driver)) {
        GW_TRY(std::optional<int> before, of_bits(part.net, reg->next, part.low, part.width));
        if (before) ++*before;
        return before;
    }
    const Assign& assign = std::get<Assign>(*driver);
    if (assign.operation == Operation::kBits) {
        return of_bits(part.net, assign.operands[0], part.low, part.width);
    }
    std::optional<int> all;
    for (const Bits& operand : assign.operands) {
        GW_TRY(const std::optional<int> own, of_bits(part.net, operand, 0, operand.width()));
        if (own && all && *own != *all)
            return fail(graph_.name(part.net) + ": operands of different cycles meet");
        if (own) all = own;
    }
    return all;
}

std::string SignalTerms::term(const Net& net, std::string& text) {
    if (const auto known = names_.find(net); known != names_.end()) return known->second;
    if (auto cut = cut_(net)) return names_[net] = *cut;
    const std::string body = definition(net, text);
    const std::string symbol = fmt::format("s{}_{}", net.module, net.signal.index());
    text += fmt::format("(define-fun {} () (_ BitVec {}) {})\n", symbol, graph_.width(net), body);
    return names_[net] = symbol;
}

std::string SignalTerms::definition(const Net& net, std::string& text) {
    if (const auto other = graph_.across(net)) return term(*other, text);
    const Statement* driver = graph_.driver(net);
    GW_CHECK(driver != nullptr, graph_.name(net) + " is driven by nothing");
    if (const auto* reg = std::get_if<Register>(driver)) return bits(net.module, reg->next, text);
    return operation(net.module, std::get<Assign>(*driver), graph_.width(net), text);
}

std::string SignalTerms::bits(std::size_t module, const Bits& bits, std::string& text) {
    std::string out;
    for (const Piece& piece : bits.pieces) {
        std::string part;
        if (piece.kind == Piece::Kind::kConstant) {
            part = smt_literal(piece.value, piece.width);
        } else {
            const std::string source = term({module, piece.signal}, text);
            part = piece.kind == Piece::Kind::kSlice
                       ? fmt::format("((_ extract {} {}) {})", piece.low + piece.width - 1,
                                     piece.low, source)
                       : fmt::format("((_ repeat {}) ((_ extract {} {}) {}))", piece.width,
                                     piece.low, piece.low, source);
        }
        out = out.empty() ? part : fmt::format("(concat {} {})", part, out);
    }
    return out;
}

std::string SignalTerms::operation(std::size_t module, const Assign& assign, int width,
                                   std::string& text) {
    std::vector<std::string> x;
    std::vector<int> widths;
    for (const Bits& operand : assign.operands) {
        x.push_back(bits(module, operand, text));
        widths.push_back(operand.width());
    }
    const auto fit = [&](const std::string& value, int from) {
        if (from == width) return value;
        if (from > width) return fmt::format("((_ extract {} 0) {})", width - 1, value);
        return fmt::format("((_ zero_extend {}) {})", width - from, value);
    };
    // The operands cut or zero-extended to the result: right modulo 2^width.
    const auto modular = [&](const char* op) {
        return fmt::format("({} {} {})", op, fit(x[0], widths[0]), fit(x[1], widths[1]));
    };
    const auto modular_three = [&](const char* first, const char* second) {
        return fmt::format("({} {} {})", second, modular(first), fit(x[2], widths[2]));
    };
    const auto flag = [&](const std::string& condition) {
        return fit(fmt::format("(ite {} #b1 #b0)", condition), 1);
    };
    switch (assign.operation) {
        case Operation::kBits:
            return fit(x[0], widths[0]);
        case Operation::kNot:
            return fmt::format("(bvnot {})", fit(x[0], widths[0]));
        case Operation::kAnd:
            return modular("bvand");
        case Operation::kOr:
            return modular("bvor");
        case Operation::kXor:
            return modular("bvxor");
        case Operation::kAdd:
            return modular("bvadd");
        case Operation::kSub:
            return modular("bvsub");
        case Operation::kAdd3:
            return modular_three("bvadd", "bvadd");
        case Operation::kAdd2Sub1:
            return modular_three("bvadd", "bvsub");
        case Operation::kAdd1Sub2:
            return modular_three("bvsub", "bvsub");
        case Operation::kMul:
        case Operation::kMulSigned:
            return modular("bvmul");
        case Operation::kLess:
            return flag(fmt::format("(bvult {} {})", x[0], x[1]));
        case Operation::kLessSigned:
            return flag(fmt::format("(bvslt {} {})", x[0], x[1]));
        case Operation::kEqual:
            return flag(fmt::format("(= {} {})", x[0], x[1]));
        case Operation::kSelect:
            return fmt::format("(ite (= {} {}) {} {})", x[0], smt_literal(0, widths[0]),
                               fit(x[2], widths[2]), fit(x[1], widths[1]));
        case Operation::kReduceOr:
            return flag(fmt::format("(distinct {} {})", x[0], smt_literal(0, widths[0])));
        case Operation::kReduceAnd:
            return flag(fmt::format("(= {} (bvnot {}))", x[0], smt_literal(0, widths[0])));
        case Operation::kTable:
            return fit(
                fmt::format("({} {})",
                            table_(graph_.netlist().modules[module].tables[assign.table]), x[0]),
                graph_.netlist().modules[module].tables[assign.table].width);
    }
    GW_UNREACHABLE("operation");
}

}  // namespace gatewright::verify
