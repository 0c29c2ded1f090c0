// SPDX-License-Identifier: Apache-2.0
#include "verify/program_proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "dfg/affine.h"
#include "dfg/interpreter.h"
#include "support/check.h"
#include "support/rng.h"
#include "support/stopwatch.h"
#include "tools/z3.h"
#include "verify/smt_domain.h"

namespace gatewright::verify {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::Program;
using dfg::ValueId;
using fixed::Dyadic;
using fixed::Integer;
using fixed::Interval;

constexpr std::size_t kEvents = 96;
constexpr std::int64_t kMostCases = 1 << 14;  // of a cone that is run through all of them
constexpr std::size_t kLargestCone = 300;     // nodes
constexpr int kRounds = 100;
constexpr int kMostLevels = 8;   // of leaves that are opened
constexpr int kWideBits = 1024;  // of sums that are proven not to wrap

std::vector<Integer> event_of(const Program& program, std::size_t number, Rng& rng) {
    std::vector<Integer> event;
    for (const ValueId input : program.inputs()) {
        const Interval& range = program[input].range;
        const Integer span = range.hi - range.lo + 1;
        Integer code = range.lo;
        if (number == 1) code = range.hi;
        if (number > 1) {
            Integer random = 0;
            for (int words = 0; words < 1 + range.hi.magnitude_bits() / 62; ++words) {
                random = (random << 62) + Integer(static_cast<std::int64_t>(rng.next() >> 2U));
            }
            code = range.lo + random - Integer::floor_divide(random, span) * span;
        }
        event.push_back(code);
    }
    return event;
}

// What every value of a program is in the first event, and in each event how far it is from that:
// values that differ by a constant have the same steps.
struct Signature {
    Dyadic first;
    std::string steps;
    bool varies = false;
};

std::vector<Signature> signatures(const Program& program,
                                  const std::vector<std::vector<Integer>>& events) {
    std::vector<Signature> out(program.size());
    for (std::size_t e = 0; e < events.size(); ++e) {
        const std::vector<Integer> codes = dfg::interpret_all(program, events[e]);
        for (std::size_t i = 0; i < codes.size(); ++i) {
            const Dyadic value(codes[i], -program.nodes()[i].format.frac);
            if (e == 0) out[i].first = value;
            const Dyadic step = value - out[i].first;
            out[i].varies = out[i].varies || !step.is_zero();
            out[i].steps += fmt::format("{}e{} ", step.mantissa().to_string(), step.exponent());
        }
    }
    return out;
}

// A value of the new program as one of the old plus a constant.
struct Twin {
    std::size_t value = 0;
    Dyadic offset;
};

// The nodes between a value and the leaves it is computed from, operands first.
struct Cone {
    std::vector<std::size_t> nodes;
    std::set<std::size_t> leaves;
};

// A question that neither structure nor enumeration answers.
struct Question {
    std::size_t after = 0;
    std::string key;   // of what is asked: the value, its leaves, and what they are taken to be
    std::string text;  // empty: it is known to be false, or too large to be asked
};

class Walk {
  public:
    Walk(const Program& before, const Program& after)
        : before_(before),
          after_(after),
          exact_before_(dfg::exact_sums(before)),
          exact_after_(dfg::exact_sums(after)) {}

    /// The first output that differs in some event.
    std::optional<std::string> suggest() {
        Rng rng(20260101);
        std::vector<std::vector<Integer>> events;
        for (std::size_t e = 0; e < kEvents; ++e) events.push_back(event_of(before_, e, rng));
        const auto old = signatures(before_, events);
        const auto now = signatures(after_, events);
        for (std::size_t o = 0; o < before_.outputs().size(); ++o) {
            const Signature& a = old[before_.outputs()[o].index()];
            const Signature& b = now[after_.outputs()[o].index()];
            if (!(a.first == b.first) || a.steps != b.steps) {
                return fmt::format("output {} differs in an event", o);
            }
        }
        suggest_twins(old, now);
        old_ = old;
        now_ = now;
        for (std::size_t i = 0; i < before_.inputs().size(); ++i) {
            twin_[after_.inputs()[i].index()] = Twin{before_.inputs()[i].index(), {}};
        }
        for (std::size_t o = 0; o < after_.outputs().size(); ++o) {
            const std::size_t output = after_.outputs()[o].index();
            if (after_.nodes()[output].op != Op::kInput) {
                twin_[output] = Twin{before_.outputs()[o].index(), {}};
            }
        }
        return std::nullopt;
    }

    /// Settles what needs no solver and returns the rest. Suggestions are taken for true in order,
    /// so dropping one asks for another round.
    std::vector<Question> round() {
        std::vector<Question> questions;
        for (std::size_t i = 0; i < after_.size(); ++i) {
            if (!twin_[i]) continue;
            const Node& node = after_.nodes()[i];
            if (node.op == Op::kInput) continue;
            if (is_same_operation(i, *twin_[i])) continue;
            if (auto question = ask(i)) questions.push_back(std::move(*question));
        }
        return questions;
    }

    void note_proven(const Question& question) { proven_.insert(question.key); }

    /// After a suggestion that cannot be proven: free leaves may take values that they never have,
    /// so first the leaves themselves are opened, level by level; then its operands are matched
    /// with those of its twin instead, once; then it is dropped.
    void retreat(std::size_t after) {
        std::set<std::size_t>& opened = opened_[after];
        const Cone now = cone_after(after);
        const std::size_t before = opened.size();
        if (levels_[after]++ < kMostLevels && now.nodes.size() < kLargestCone / 2) {
            for (const std::size_t leaf : now.leaves) {
                if (after_.nodes()[leaf].op != Op::kInput) opened.insert(leaf);
            }
            if (opened.size() > before) return;
        }
        opened.clear();
        if (realigned_.insert(after).second && realign(after, twin_[after]->value)) {
            levels_[after] = 0;
            return;
        }
        twin_[after].reset();
    }

    [[nodiscard]] std::size_t proven_outputs() const {
        std::size_t proven = 0;
        for (std::size_t o = 0; o < after_.outputs().size(); ++o) {
            const auto& twin = twin_[after_.outputs()[o].index()];
            const std::size_t wanted = before_.outputs()[o].index();
            if (twin && twin->offset.is_zero() &&
                (twin->value == wanted || is_constant_pair(twin->value, wanted))) {
                ++proven;
            }
        }
        return proven;
    }

    [[nodiscard]] std::size_t enumerated() const { return enumerated_; }

  private:
    bool realign(std::size_t after, std::size_t before) {
        const Node& a = after_.nodes()[after];
        const Node& b = before_.nodes()[before];
        bool changed = false;
        for (std::size_t k = 0; a.op == b.op && k < dfg::arity(a.op); ++k) {
            const std::size_t x = a.args[k].index();
            const std::size_t y = b.args[k].index();
            const Dyadic offset = now_[x].first - old_[y].first;
            const bool is_new = twin_[x] && twin_[x]->value != y && !twin_[x]->offset.is_zero();
            if (!is_new || now_[x].steps != old_[y].steps || !is_on_grid(x, y, offset)) continue;
            twin_[x] = Twin{y, offset};
            changed = true;
        }
        return changed;
    }

    [[nodiscard]] bool is_on_grid(std::size_t after, std::size_t before,
                                  const Dyadic& offset) const {
        const int frac = after_.nodes()[after].format.frac;
        return before_.nodes()[before].format.frac <= frac &&
               (offset.is_zero() || offset.frac() <= frac);
    }

    // The first equal value, else the first that differs by a constant on the finer grid of the
    // two.
    void suggest_twins(const std::vector<Signature>& old, const std::vector<Signature>& now) {
        std::map<std::string, std::vector<std::size_t>> by_steps;
        for (std::size_t i = 0; i < old.size(); ++i) {
            if (before_.nodes()[i].op != Op::kInput) by_steps[old[i].steps].push_back(i);
        }
        twin_.resize(after_.size());
        for (std::size_t i = 0; i < now.size(); ++i) {
            const auto found = by_steps.find(now[i].steps);
            if (found == by_steps.end()) continue;
            for (const std::size_t j : found->second) {
                const Dyadic offset = now[i].first - old[j].first;
                if (offset.is_zero()) {
                    twin_[i] = Twin{j, {}};
                    break;
                }
                if (!now[i].varies || !is_on_grid(i, j, offset)) continue;
                const auto rank = std::pair(magnitude(offset), -shared_operands(i, j));
                if (!twin_[i] || rank < std::pair(magnitude(twin_[i]->offset),
                                                  -shared_operands(i, twin_[i]->value))) {
                    twin_[i] = Twin{j, offset};
                }
            }
        }
    }

    // Operands that are the same up to a constant, as far as suggested.
    [[nodiscard]] int shared_operands(std::size_t after, std::size_t before) const {
        int count = 0;
        for (const ValueId a : after_.nodes()[after].operands()) {
            for (const ValueId b : before_.nodes()[before].operands())
                count += twin_[a.index()] && twin_[a.index()]->value == b.index() ? 1 : 0;
        }
        return count;
    }

    [[nodiscard]] static Dyadic magnitude(const Dyadic& value) {
        return value.sign() < 0 ? -value : value;
    }

    [[nodiscard]] int offset_bits(std::size_t leaf) const {
        const Dyadic& offset = twin_[leaf]->offset;
        if (offset.is_zero()) return 0;
        return offset.code_at(after_.nodes()[leaf].format.frac).magnitude_bits() + 2;
    }

    [[nodiscard]] bool is_constant_pair(std::size_t a, std::size_t b) const {
        const Node& x = before_.nodes()[a];
        const Node& y = before_.nodes()[b];
        return x.range.is_constant() && y.range.is_constant() && x.range.min() == y.range.min();
    }

    // Same function, and every operand equal by what is assumed so far.
    [[nodiscard]] bool is_same_operation(std::size_t after, const Twin& before) const {
        const Node& a = after_.nodes()[after];
        const Node& b = before_.nodes()[before.value];
        if (!before.offset.is_zero() || a.op != b.op || a.format != b.format ||
            a.shift != b.shift || a.round != b.round || a.overflow != b.overflow ||
            a.saturation_bits != b.saturation_bits) {
            return false;
        }
        if (a.op == Op::kConstant) return a.range.lo == b.range.lo;
        if (a.op == Op::kTable && after_.table(a.table).codes != before_.table(b.table).codes) {
            return false;
        }
        for (std::size_t k = 0; k < dfg::arity(a.op); ++k) {
            const auto& twin = twin_[a.args[k].index()];
            const bool same = twin && twin->offset.is_zero() && twin->value == b.args[k].index() &&
                              after_[a.args[k]].format == before_[b.args[k]].format;
            if (!same) return false;
        }
        return true;
    }

    [[nodiscard]] Cone cone_after(std::size_t root) const {
        const auto found = opened_.find(root);
        return cone(after_, root, [&](std::size_t i) {
            return twin_[i] && (found == opened_.end() || !found->second.contains(i));
        });
    }

    template <class IsLeaf>
    static Cone cone(const Program& program, std::size_t root, IsLeaf is_leaf) {
        Cone out;
        std::set<std::size_t> nodes;
        std::vector<std::size_t> open{root};
        while (!open.empty()) {
            const std::size_t i = open.back();
            open.pop_back();
            const Node& node = program.nodes()[i];
            if (node.op == Op::kInput || (i != root && node.op != Op::kConstant && is_leaf(i))) {
                out.leaves.insert(i);
                continue;
            }
            if (!nodes.insert(i).second) continue;
            for (const ValueId arg : node.operands()) open.push_back(arg.index());
        }
        out.nodes.assign(nodes.begin(), nodes.end());
        return out;
    }

    std::optional<Question> ask(std::size_t after) {
        const Cone now = cone_after(after);
        std::map<std::size_t, std::size_t> leaf_of;  // before -> after
        for (const std::size_t leaf : now.leaves) leaf_of.emplace(twin_[leaf]->value, leaf);
        const auto is_leaf = [&](std::size_t i) { return leaf_of.contains(i); };
        const std::size_t root = twin_[after]->value;
        const Cone old = is_leaf(root) ? Cone{{}, {root}} : cone(before_, root, is_leaf);
        if (now.nodes.size() + old.nodes.size() > kLargestCone) return Question{after, "", ""};
        std::set<std::size_t> leaves = old.leaves;
        for (const auto& [leaf, twin] : leaf_of) leaves.insert(leaf);
        const Dyadic& offset = twin_[after]->offset;
        std::string key = key_of(after, now);
        if (proven_.contains(key)) return std::nullopt;
        if (const auto equal = run_all(now, old, leaves, offset)) {
            if (!*equal) return Question{after, "", ""};
            ++enumerated_;
            proven_.insert(std::move(key));
            return std::nullopt;
        }
        return Question{after, std::move(key), question_text(now, old, leaves, offset)};
    }

    [[nodiscard]] std::string key_of(std::size_t after, const Cone& now) const {
        std::string key;
        const auto add = [&](std::size_t i) {
            key +=
                fmt::format("{}={}+{}e{} ", i, twin_[i]->value,
                            twin_[i]->offset.mantissa().to_string(), twin_[i]->offset.exponent());
        };
        add(after);
        for (const std::size_t leaf : now.leaves) add(leaf);
        return key;
    }

    [[nodiscard]] Integer code_after(std::size_t leaf, const Integer& code) const {
        const Twin& twin = *twin_[leaf];
        const int frac = after_.nodes()[leaf].format.frac;
        const Integer same = code << (frac - before_.nodes()[twin.value].format.frac);
        return twin.offset.is_zero() ? same : same + twin.offset.code_at(frac);
    }

    static void evaluate(const Program& program, const std::vector<bool>& exact, const Cone& cone,
                         std::map<std::size_t, Integer>& values) {
        for (const std::size_t i : cone.nodes) {
            std::vector<Integer> operands;
            for (const ValueId arg : program.nodes()[i].operands()) {
                operands.push_back(values.at(arg.index()));
            }
            const Node node = unwrapped(program.nodes()[i], exact[i], kWideBits);
            values[i] = dfg::evaluate_node(program, node, operands);
        }
    }

    // Both cones at all codes of their leaves; nullopt if these are too many.
    [[nodiscard]] std::optional<bool> run_all(const Cone& now, const Cone& old,
                                              const std::set<std::size_t>& leaves,
                                              const Dyadic& offset) const {
        Integer cases = 1;
        for (const std::size_t leaf : leaves) {
            const Interval& range = before_.nodes()[leaf].range;
            cases *= range.hi - range.lo + 1;
            if (cases > kMostCases) return std::nullopt;
        }
        const std::size_t root_now = now.nodes.back();
        const std::size_t root_old = old.nodes.empty() ? *old.leaves.begin() : old.nodes.back();
        std::map<std::size_t, Integer> values_now;
        std::map<std::size_t, Integer> values_old;
        std::vector<Integer> code;
        for (const std::size_t leaf : leaves) code.push_back(before_.nodes()[leaf].range.lo);
        while (true) {
            std::size_t k = 0;
            for (const std::size_t leaf : leaves) values_old[leaf] = code[k++];
            for (const std::size_t leaf : now.leaves) {
                values_now[leaf] = code_after(leaf, values_old.at(twin_[leaf]->value));
            }
            evaluate(before_, exact_before_, old, values_old);
            evaluate(after_, exact_after_, now, values_now);
            const Dyadic a(values_now.at(root_now), -after_.nodes()[root_now].format.frac);
            const Dyadic b(values_old.at(root_old), -before_.nodes()[root_old].format.frac);
            if (!(a == b + offset)) return false;
            k = 0;
            auto leaf = leaves.begin();
            while (leaf != leaves.end() && code[k] == before_.nodes()[*leaf].range.hi) {
                code[k] = before_.nodes()[*leaf].range.lo;
                ++leaf;
                ++k;
            }
            if (leaf == leaves.end()) return true;
            code[k] += 1;
        }
    }

    static int generous_width(const Program& program, const Cone& cone) {
        int width = 8;
        for (const std::size_t i : cone.nodes) {
            const Node& node = program.nodes()[i];
            int own = 6 + node.format.width + std::abs(node.shift);
            for (const ValueId arg : node.operands()) {
                const fixed::Format& format = program[arg].format;
                own += format.width + std::abs(format.frac - node.format.frac);
                own += std::abs(format.frac - program[node.args[0]].format.frac);
            }
            width = std::max(width, own);
        }
        return width;
    }

    // One script: the leaves within their ranges, both cones, and that they differ.
    [[nodiscard]] std::string question_text(const Cone& now, const Cone& old,
                                            const std::set<std::size_t>& leaves,
                                            const Dyadic& offset) const {
        int width = std::max(generous_width(after_, now), generous_width(before_, old));
        for (const std::size_t leaf : leaves) {
            width = std::max(width, before_.nodes()[leaf].format.width + 8);
        }
        for (const std::size_t leaf : now.leaves) {
            width = std::max(width, after_.nodes()[leaf].format.width +
                                        before_.nodes()[twin_[leaf]->value].format.width + 8 +
                                        offset_bits(leaf) +
                                        std::abs(after_.nodes()[leaf].format.frac -
                                                 before_.nodes()[twin_[leaf]->value].format.frac));
        }
        const std::size_t root_now = now.nodes.back();
        const std::size_t root_old = old.nodes.empty() ? *old.leaves.begin() : old.nodes.back();
        const int frac_now = after_.nodes()[root_now].format.frac;
        const int frac_old = before_.nodes()[root_old].format.frac;
        const int frac = std::max(frac_now, frac_old);
        width += std::abs(frac_now - frac_old);
        if (!offset.is_zero()) width += offset.code_at(frac).magnitude_bits() + 2;
        std::string text;
        std::size_t next_name = 0;
        const SmtDomain domain{width, &text, &next_name, {}, 0, 0, false};
        std::map<std::size_t, std::string> terms_old;
        for (const std::size_t leaf : leaves) {
            const Interval& range = before_.nodes()[leaf].range;
            terms_old[leaf] = fmt::format("v{}", leaf);
            text += fmt::format(
                "(declare-const v{0} (_ BitVec {1}))\n(assert (and (bvsle {2} v{0}) (bvsle v{0} "
                "{3})))\n",
                leaf, width, smt_literal(range.lo, width), smt_literal(range.hi, width));
        }
        std::map<std::size_t, std::string> terms_now;
        for (const std::size_t leaf : now.leaves) {
            const Twin& twin = *twin_[leaf];
            const int frac_leaf = after_.nodes()[leaf].format.frac;
            const int up = frac_leaf - before_.nodes()[twin.value].format.frac;
            terms_now[leaf] = domain.shl(terms_old.at(twin.value), up);
            if (twin.offset.is_zero()) continue;
            const Integer offset_code = twin.offset.code_at(frac_leaf);
            terms_now[leaf] = domain.add(terms_now[leaf], domain.constant(offset_code));
        }
        add_terms(before_, exact_before_, old, domain, terms_old);
        add_terms(after_, exact_after_, now, domain, terms_now);
        const std::string a = domain.shl(terms_now.at(root_now), frac - frac_now);
        std::string b = domain.shl(terms_old.at(root_old), frac - frac_old);
        if (!offset.is_zero()) b = domain.add(b, domain.constant(offset.code_at(frac)));
        return fmt::format("{}(assert (distinct {} {}))\n(check-sat)\n(reset)\n", text, a, b);
    }

    static void add_terms(const Program& program, const std::vector<bool>& exact, const Cone& cone,
                          SmtDomain domain, std::map<std::size_t, std::string>& terms) {
        for (const std::size_t i : cone.nodes) {
            const Node node = unwrapped(program.nodes()[i], exact[i], domain.width);
            std::vector<std::string> operands;
            for (const ValueId arg : node.operands()) operands.push_back(terms.at(arg.index()));
            if (node.op == Op::kTable) {
                terms[i] = lookup_term(program, node, domain, operands[0]);
                continue;
            }
            terms[i] = dfg::eval<SmtDomain>(domain, program, node, operands);
        }
    }

    // A small table as nested choices over its index.
    static std::string lookup_term(const Program& program, const Node& node,
                                   const SmtDomain& domain, const std::string& index) {
        const auto& codes = program.table(node.table).codes;
        const std::string low = domain.low_bits(index, program[node.args[0]].format.width);
        std::string term = domain.constant(codes.back());
        for (std::size_t i = codes.size() - 1; i-- > 0;) {
            if (codes[i] == codes.back()) continue;
            const Integer number(static_cast<std::int64_t>(i));
            term = domain.named(fmt::format("(ite (= {} {}) {} {})", low,
                                            smt_literal(number, domain.width),
                                            domain.constant(codes[i]), term));
        }
        return term;
    }

    // The leaves of a cone are free, so their sums may leave the ranges they really have. A sum
    // that is proven never to wrap is therefore taken as exact.
    [[nodiscard]] static Node unwrapped(const Node& node, bool is_exact, int width) {
        Node out = node;
        if (is_exact && (node.op == Op::kAdd || node.op == Op::kSub)) {
            out.format.is_signed = true;
            out.format.width = width;
        }
        return out;
    }

    const Program& before_;
    const Program& after_;
    std::vector<Signature> old_;  // of `before`
    std::vector<Signature> now_;  // of `after`
    std::set<std::size_t> realigned_;
    std::vector<bool> exact_before_;
    std::vector<bool> exact_after_;
    std::map<std::size_t, std::set<std::size_t>> opened_;  // per value of `after`: no leaves of it
    std::map<std::size_t, int> levels_;
    std::set<std::string> proven_;           // keys of questions
    std::vector<std::optional<Twin>> twin_;  // per value of `after`: what it is in `before`
    std::size_t enumerated_ = 0;
};

std::vector<std::string> answers_in(const std::string& output) {
    std::vector<std::string> answers;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        if (line == "sat" || line == "unsat" || line == "unknown") answers.push_back(line);
    }
    return answers;
}

// How many questions were answered with yes; from the others the walk retreats.
std::size_t settle(Walk& walk, const std::vector<Question>& questions, double seconds) {
    std::string script;
    for (const Question& question : questions) {
        if (question.text.empty()) continue;
        script += "(set-option :timeout 5000)\n(set-logic QF_BV)\n" + question.text;
    }
    const auto limit = std::chrono::seconds(std::max(1, static_cast<int>(std::ceil(seconds))));
    std::vector<std::string> answers;
    if (const auto result = tools::run_z3(script, limit)) answers = answers_in(result->output);
    std::size_t asked = 0;
    std::size_t yes = 0;
    for (const Question& question : questions) {
        const bool proven =
            !question.text.empty() && asked < answers.size() && answers[asked] == "unsat";
        if (!question.text.empty()) ++asked;
        if (proven) {
            walk.note_proven(question);
            ++yes;
        } else {
            walk.retreat(question.after);
        }
    }
    return yes;
}

}  // namespace

ProofResult prove_programs(const Program& before, const Program& after, double budget_seconds) {
    const Stopwatch watch;
    ProofResult result;
    result.layer = "passes";
    result.kind = "passes";
    result.method = "matched values + enumeration + z3";
    GW_CHECK(before.inputs().size() == after.inputs().size() &&
                 before.outputs().size() == after.outputs().size(),
             "programs of different interfaces");
    Walk walk(before, after);
    if (const auto difference = walk.suggest()) {
        result.outcome = Outcome::kDisproven;
        result.detail = *difference;
        return result;
    }
    std::size_t asked = 0;
    bool settled = false;
    for (int round = 0; round < kRounds && !settled && watch.seconds() < budget_seconds; ++round) {
        const std::vector<Question> questions = walk.round();
        const double left = budget_seconds - watch.seconds();
        const std::size_t yes = settle(walk, questions, std::max(1.0, left));
        asked += yes;
        settled = yes == questions.size();
    }
    const std::size_t outputs = after.outputs().size();
    const std::size_t proven = settled ? walk.proven_outputs() : 0;
    if (proven == outputs) result.outcome = Outcome::kProven;
    result.detail = fmt::format(
        "{} of {} outputs equal for all inputs; {} rewritten cones enumerated, {} "
        "proven by z3",
        proven, outputs, walk.enumerated(), asked);
    result.seconds = watch.seconds();
    return result;
}

}  // namespace gatewright::verify
