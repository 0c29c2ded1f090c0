// SPDX-License-Identifier: Apache-2.0
#include "verify/netlist_proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "schedule/liveness.h"
#include "schedule/ternary.h"
#include "schedule/wires.h"
#include "support/stopwatch.h"
#include "tools/z3.h"
#include "verify/netlist_terms.h"
#include "verify/smt_domain.h"

namespace gatewright::verify {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::ValueId;
using fixed::Integer;

std::string symbol(ValueId value) {
    return fmt::format("v{}", value.index());
}

// Writes one SMT-LIB script with a check per value: "unsat" says that the signal equals the
// operation.
class Script {
  public:
    Script(const arch::FlatProgram& flat, const NetlistGraph& graph)
        : program_(flat.program),
          graph_(graph),
          terms_(
              graph, [this](const Net& net) { return cut(net); },
              [this](const rtl::TableFunction& table) {
                  return table_symbol(table.entries, table.index_bits, table.width);
              }) {
        const rtl::Netlist& netlist = graph.netlist();
        for (std::size_t m = 0; m < netlist.modules.size(); ++m) {
            for (const auto& [value, signal] : netlist.modules[m].values) {
                nets_.emplace(value, Net{m, signal});
                value_of_.emplace(Net{m, signal}, value);
            }
        }
    }

    /// Fails if a value that matters has no signal.
    Status write() {
        const Net in = graph_.top_port("in");
        text_ = fmt::format("(declare-const in_bus (_ BitVec {}))\n", graph_.width(in));
        const std::vector<bool> live = schedule::live_values(program_);
        for (std::size_t i = 0; i < program_.size(); ++i) {
            if (!live[i]) continue;
            const Node& node = program_.nodes()[i];
            if (schedule::is_wiring(program_, node)) {
                // Readers are wired to what is behind a wire, so all must know what it means.
                const std::string meaning = evaluated(node);
                text_ += fmt::format("(define-fun v{} () (_ BitVec {}) {})\n", i, node.format.width,
                                     meaning);
                continue;
            }
            if (is_made_by_reader(ValueId(i))) {
                text_ += fmt::format("(define-fun v{} () (_ BitVec {}) {})\n", i, node.format.width,
                                     evaluated(node));
                continue;
            }
            if (!nets_.contains(ValueId(i))) return fail(fmt::format("value %{} has no signal", i));
            text_ += fmt::format("(declare-const v{} (_ BitVec {}))\n", i, node.format.width);
        }
        int offset = 0;
        for (std::size_t i = 0; i < program_.size(); ++i) {
            const Node& node = program_.nodes()[i];
            if (live[i] && node.op == Op::kInput) check_input(ValueId(i), offset);
            if (live[i] && node.op != Op::kInput && nets_.contains(ValueId(i)))
                check_operation(ValueId(i));
            if (node.op == Op::kInput) offset += node.format.width;
        }
        check_outputs();
        return {};
    }

    [[nodiscard]] std::string text() const {
        return "(set-logic QF_UFBV)\n" + tables_text_ + text_;
    }
    /// What each check is about, in order.
    [[nodiscard]] const std::vector<std::string>& checks() const { return checks_; }

  private:
    std::optional<std::string> cut(const Net& net) {
        if (net == graph_.top_port("in")) return "in_bus";
        const auto found = value_of_.find(net);
        if (found == value_of_.end()) return std::nullopt;
        return symbol(found->second);
    }

    // Tables are functions nobody looks into: equal contents, equal function.
    std::string table_symbol(const std::vector<Integer>& entries, int index_bits, int width) {
        std::string key = fmt::format("{} {}", index_bits, width);
        for (const Integer& entry : entries) key += " " + entry.low_bits(width).to_string();
        const auto [slot, is_new] =
            tables_.try_emplace(key, fmt::format("table{}", tables_.size()));
        if (is_new) {
            tables_text_ += fmt::format("(declare-fun {} ((_ BitVec {})) (_ BitVec {}))\n",
                                        slot->second, index_bits, width);
        }
        return slot->second;
    }

    // Wide enough for every intermediate value of the operation.
    [[nodiscard]] int generous_width(const Node& node) const {
        int width = 4 + node.format.width + std::abs(node.shift);
        for (const ValueId arg : node.operands()) {
            const fixed::Format& format = program_[arg].format;
            width += format.width + std::abs(format.frac - node.format.frac);
            width += std::abs(format.frac - program_[node.args[0]].format.frac);
        }
        return width;
    }

    [[nodiscard]] std::string operand(ValueId value, int width) const {
        const Node& node = program_[value];
        if (const auto code = schedule::constant_code(node)) return smt_literal(*code, width);
        return fmt::format("((_ {}_extend {}) {})", node.format.is_signed ? "sign" : "zero",
                           width - node.format.width, symbol(value));
    }

    [[nodiscard]] std::string in_range(ValueId value) const {
        const Node& node = program_[value];
        if (schedule::constant_code(node)) return {};
        const int width = node.format.width + 2;
        const std::string term = operand(value, width);
        return fmt::format("(assert (and (bvsle {} {}) (bvsle {} {})))\n",
                           smt_literal(node.range.lo, width), term, term,
                           smt_literal(node.range.hi, width));
    }

    // An addition without a signal of its own: part of its reader's three-input adder. What it
    // means is written out, and the reader's check covers both.
    [[nodiscard]] bool is_made_by_reader(ValueId value) const {
        const Node& node = program_[value];
        if (nets_.contains(value) || schedule::constant_code(node)) return false;
        return node.op == Op::kAdd || node.op == Op::kSub;
    }

    // Its sum without wrapping lies in its range: like every range, proven of the program
    // (dfg/affine.h).
    [[nodiscard]] std::string is_exact(ValueId value) {
        Node wide = program_[value];
        wide.format = {true, generous_width(wide), wide.format.frac};
        const int width = generous_width(wide);
        SmtDomain domain{width, &text_, &next_name_, {}, 0, 0, false};
        std::vector<std::string> operands;
        for (const ValueId arg : wide.operands()) operands.push_back(operand(arg, width));
        const std::string sum = dfg::eval<SmtDomain>(domain, program_, wide, operands);
        return fmt::format("(assert (and (bvsle {} {}) (bvsle {} {})))\n",
                           smt_literal(wide.range.lo, width), sum, sum,
                           smt_literal(wide.range.hi, width));
    }

    void check(const std::string& what, const std::string& assumptions, const std::string& found,
               const std::string& expected) {
        text_ += fmt::format("(push)\n{}(assert (distinct {} {}))\n(check-sat)\n(pop)\n",
                             assumptions, found, expected);
        checks_.push_back(what);
    }

    void check_input(ValueId value, int offset) {
        const int width = program_[value].format.width;
        const std::string found = terms_.definition(nets_.at(value), text_);
        check(graph_.name(nets_.at(value)), "", found,
              fmt::format("((_ extract {} {}) in_bus)", offset + width - 1, offset));
    }

    // What the operation means, of the symbols of its operands.
    std::string evaluated(const Node& node) {
        const int width = generous_width(node);
        SmtDomain domain{width, &text_, &next_name_, {}, 0, 0, false};
        if (node.op == Op::kTable) {
            domain.index_bits = program_[node.args[0]].format.width;
            domain.entry_bits = node.format.width;
            domain.entries_signed = node.format.is_signed;
            domain.table = table_symbol(program_.table(node.table).codes, domain.index_bits,
                                        domain.entry_bits);
        }
        std::vector<std::string> operands;
        for (const ValueId arg : node.operands()) operands.push_back(operand(arg, width));
        return fmt::format("((_ extract {} 0) {})", node.format.width - 1,
                           dfg::eval<SmtDomain>(domain, program_, node, operands));
    }

    void check_operation(ValueId value) {
        const Node& node = program_[value];
        std::string assumptions;
        for (const ValueId arg : node.operands()) {
            assumptions += in_range(arg);
            if (!is_made_by_reader(arg)) continue;
            for (const ValueId inner : program_[arg].operands()) assumptions += in_range(inner);
            if (!schedule::wraps_above(program_, arg, value)) assumptions += is_exact(arg);
        }
        const std::string expected = evaluated(node);
        const std::string found = terms_.definition(nets_.at(value), text_);
        check(graph_.name(nets_.at(value)), assumptions, found, expected);
    }

    void check_outputs() {
        std::string expected;
        for (const ValueId output : program_.outputs()) {
            const Node& node = program_[output];
            if (node.format.width == 0) continue;
            const auto code = schedule::constant_code(node);
            const std::string part = code ? smt_literal(*code, node.format.width) : symbol(output);
            expected = expected.empty() ? part : fmt::format("(concat {} {})", part, expected);
        }
        if (expected.empty()) return;
        check("the port out", "", terms_.term(graph_.top_port("out"), text_), expected);
    }

    const dfg::Program& program_;
    const NetlistGraph& graph_;
    SignalTerms terms_;
    std::map<ValueId, Net> nets_;
    std::map<Net, ValueId> value_of_;
    std::map<std::string, std::string> tables_;
    std::string tables_text_;
    std::string text_;
    std::size_t next_name_ = 0;
    std::vector<std::string> checks_;
};

Status check_balance(const NetlistGraph& graph, int latency) {
    Balance balance(graph);
    const Net out = graph.top_port("out");
    GW_TRY(const std::optional<int> cycles, balance.cycles({out, 0, graph.width(out)}));
    if (cycles && *cycles != latency) {
        return fail(fmt::format("{} registers lie between in and out, the latency is {}", *cycles,
                                latency));
    }
    return {};
}

void read_answers(const std::string& output, const std::vector<std::string>& checks,
                  ProofResult& result) {
    std::istringstream lines(output);
    std::size_t proven = 0;
    std::size_t asked = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line != "sat" && line != "unsat" && line != "unknown") continue;
        if (line == "unsat") ++proven;
        if (line == "sat" && result.outcome != Outcome::kDisproven) {
            result.outcome = Outcome::kDisproven;
            result.detail = fmt::format("{} differs from its operation", checks.at(asked));
        }
        ++asked;
    }
    if (result.outcome == Outcome::kDisproven) return;
    if (proven == checks.size()) result.outcome = Outcome::kProven;
    result.detail =
        fmt::format("{} of {} operations equal for all operand values, registers balanced", proven,
                    checks.size());
}

}  // namespace

ProofResult prove_netlist(const arch::FlatProgram& flat, const rtl::Netlist& netlist,
                          double budget_seconds) {
    const Stopwatch watch;
    ProofResult result;
    result.layer = "netlist";
    result.kind = "netlist";
    result.method = "registers balanced + z3 per operation";
    const NetlistGraph graph(netlist);
    if (const Status balanced = check_balance(graph, netlist.latency_cycles); !balanced) {
        result.outcome = Outcome::kDisproven;
        result.detail = balanced.error().message;
        return result;
    }
    Script script(flat, graph);
    if (const Status written = script.write(); !written) {
        result.detail = written.error().message;
        return result;
    }
    if (script.checks().empty()) {
        result.outcome = Outcome::kProven;
        result.detail = "every output is constant";
        return result;
    }
    const auto limit =
        std::chrono::seconds(std::max(1, static_cast<int>(std::ceil(budget_seconds))));
    const auto answer = tools::run_z3(script.text(), limit);
    if (answer) {
        read_answers(answer->output, script.checks(), result);
    } else {
        result.detail = answer.error().message;
    }
    result.seconds = watch.seconds();
    return result;
}

}  // namespace gatewright::verify
