// SPDX-License-Identifier: Apache-2.0
#include "schedule/ternary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "dfg/affine.h"
#include "schedule/liveness.h"

namespace gatewright::schedule {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::Program;
using dfg::ValueId;

bool is_addition(const Node& node) {
    return node.op == Op::kAdd || node.op == Op::kSub;
}

std::array<Term, 2> operands_of(const Node& node) {
    return {Term{node.args[0], 0, false}, Term{node.args[1], node.shift, node.op == Op::kSub}};
}

// The terms with the operands of `inner` in its place, added ones first.
std::vector<Term> with_operands_of(const Program& program, const std::vector<Term>& terms,
                                   ValueId inner) {
    std::vector<Term> out;
    for (const Term& term : terms) {
        if (term.value != inner) {
            out.push_back(term);
            continue;
        }
        for (const Term& own : operands_of(program[inner]))
            out.push_back({own.value, own.shift + term.shift, own.subtracted != term.subtracted});
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const Term& a, const Term& b) { return !a.subtracted && b.subtracted; });
    return out;
}

// The only addition that reads each value; none for outputs and what else is read differently.
std::vector<std::optional<ValueId>> only_readers(const Program& program) {
    const std::vector<bool> live = live_values(program);
    const std::vector<std::uint32_t> uses = program.use_counts();
    std::vector<std::optional<ValueId>> readers(program.size());
    for (std::size_t i = 0; i < program.size(); ++i) {
        const Node& node = program.nodes()[i];
        if (!live[i] || !is_addition(node)) continue;
        for (const ValueId arg : node.operands()) {
            const bool is_only = uses[arg.index()] == 1 && live[arg.index()];
            if (is_only && is_addition(program[arg])) readers[arg.index()] = ValueId(i);
        }
    }
    return readers;
}

class Matching {
  public:
    Matching(const Program& program, const std::vector<bool>& allowed)
        : program_(program), absorbed_(program.size(), false), choices_(program.size()) {
        const std::vector<bool> is_exact = dfg::exact_sums(program);
        const auto readers = only_readers(program);
        std::vector<std::vector<std::size_t>> children(program.size());
        for (std::size_t i = 0; i < program.size(); ++i) {
            if (!allowed[i] || !readers[i]) continue;
            if (is_exact[i] || wraps_above(program, ValueId(i), *readers[i]))
                children[readers[i]->index()].push_back(i);
        }
        for (std::size_t i = 0; i < program.size(); ++i) weigh(i, children[i]);
        for (std::size_t i = program.size(); i-- > 0;) decide(i);
    }

    Absorbed take() {
        const bool any = std::find(absorbed_.begin(), absorbed_.end(), true) != absorbed_.end();
        return any ? std::move(absorbed_) : Absorbed{};
    }

  private:
    // LUTs saved at and below an addition at most: if its reader absorbs it or it absorbs nothing,
    // and if it absorbs its best child.
    struct Choice {
        int alone = 0;
        int absorbing = 0;
        std::optional<std::size_t> child;
    };

    void weigh(std::size_t i, const std::vector<std::size_t>& children) {
        Choice& choice = choices_[i];
        for (const std::size_t child : children)
            choice.alone += std::max(choices_[child].alone, choices_[child].absorbing);
        for (const std::size_t child : children) {
            const Choice& below = choices_[child];
            const int saved = choice.alone - std::max(below.alone, below.absorbing) + below.alone +
                              gain(i, child);
            if (saved <= std::max(choice.alone, choice.absorbing)) continue;
            choice.absorbing = saved;
            choice.child = child;
        }
    }

    // Readers come after what they read, so whether a value is absorbed is known by now.
    void decide(std::size_t i) {
        const Choice& choice = choices_[i];
        if (!absorbed_[i] && choice.child) absorbed_[*choice.child] = true;
    }

    [[nodiscard]] int luts(const Node& sum, const std::vector<Term>& terms) const {
        const bool has_constant = std::any_of(terms.begin(), terms.end(), [&](const Term& t) {
            return constant_code(program_[t.value]).has_value();
        });
        return has_constant && terms.size() == 2 ? 0 : chain_bits(program_, sum, terms);
    }

    [[nodiscard]] int gain(std::size_t reader, std::size_t child) const {
        const ValueId outer(reader);
        const ValueId inner(child);
        const std::vector<Term> two = terms_of(program_, outer, {});
        return luts(program_[outer], two) + luts(program_[inner], terms_of(program_, inner, {})) -
               luts(program_[outer], with_operands_of(program_, two, inner));
    }

    const Program& program_;
    Absorbed absorbed_;
    std::vector<Choice> choices_;
};

}  // namespace

std::vector<Term> terms_of(const Program& program, ValueId sum, const Absorbed& absorbed) {
    const auto operands = operands_of(program[sum]);
    std::vector<Term> terms(operands.begin(), operands.end());
    for (const Term& term : operands) {
        if (is_absorbed(absorbed, term.value)) terms = with_operands_of(program, terms, term.value);
    }
    return terms;
}

std::vector<ValueId> values_read(const Program& program, ValueId value, const Absorbed& absorbed) {
    std::vector<ValueId> values;
    const Node& node = program[value];
    if (!absorbed.empty() && is_addition(node)) {
        for (const Term& term : terms_of(program, value, absorbed)) values.push_back(term.value);
    } else {
        values.assign(node.operands().begin(), node.operands().end());
    }
    return values;
}

int chain_bits(const Program& program, const Node& sum, const std::vector<Term>& terms) {
    struct Low {
        int position = 0;
        bool subtracted = false;
    };
    std::vector<Low> lows;
    for (const Term& term : terms) {
        lows.push_back(
            {sum.format.frac - (program[term.value].format.frac - term.shift), term.subtracted});
    }
    if (terms.size() == 2 && !terms[1].subtracted) {
        // Side by side: nothing is added.
        for (const std::size_t below : {0U, 1U}) {
            const fixed::Format& low = program[terms[below].value].format;
            if (!low.is_signed && lows[1 - below].position >= lows[below].position + low.width)
                return 0;
        }
    }
    std::sort(lows.begin(), lows.end(), [](const Low& a, const Low& b) {
        return a.position != b.position ? a.position < b.position : a.subtracted && !b.subtracted;
    });
    const int first = lows[0].subtracted ? lows[0].position : lows[1].position;
    return std::max(0, sum.format.width - std::max(0, first));
}

bool wraps_above(const Program& program, ValueId operand, ValueId sum) {
    const fixed::Format& to = program[sum].format;
    const fixed::Format& from = program[operand].format;
    const int up = to.frac - from.frac + (program[sum].args[1] == operand ? program[sum].shift : 0);
    return from.width + up >= to.width;
}

Absorbed choose_absorbed(const Program& program, const std::vector<bool>& allowed) {
    return Matching(program, allowed).take();
}

Status verify_absorbed(const Program& program, const Absorbed& absorbed) {
    if (absorbed.empty()) return {};
    if (absorbed.size() != program.size()) {
        return fail(fmt::format("{}: absorbed additions for {} values, the program has {}",
                                program.name, absorbed.size(), program.size()));
    }
    const std::vector<bool> is_exact = dfg::exact_sums(program);
    const std::vector<bool> live = live_values(program);
    std::vector<int> readers(program.size(), 0);
    std::vector<bool> is_congruent(program.size(), false);
    std::vector<int> taken(program.size(), 0);
    const auto bad = [&](std::size_t i, std::string_view what) {
        return fail(fmt::format("{}: value %{} cannot be absorbed: {}", program.name, i, what));
    };
    for (std::size_t i = 0; i < program.size(); ++i) {
        for (const ValueId arg : program.nodes()[i].operands()) {
            ++readers[arg.index()];
            if (!absorbed[arg.index()]) continue;
            if (!is_addition(program.nodes()[i]) || !live[i])
                return bad(arg.index(), "its reader is no addition");
            if (absorbed[i]) return bad(arg.index(), "its reader is absorbed itself");
            is_congruent[arg.index()] = wraps_above(program, arg, ValueId(i));
            if (++taken[i] > 1) return bad(arg.index(), "its reader absorbs another one");
        }
    }
    for (const ValueId output : program.outputs()) readers[output.index()] += 2;
    for (std::size_t i = 0; i < program.size(); ++i) {
        if (!absorbed[i]) continue;
        if (!is_addition(program.nodes()[i]) || !live[i]) return bad(i, "it is no addition");
        if (readers[i] != 1) return bad(i, "it has more than one reader, or is an output");
        if (!is_exact[i] && !is_congruent[i]) return bad(i, "it may wrap");
    }
    return {};
}

}  // namespace gatewright::schedule
