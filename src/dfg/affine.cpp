// SPDX-License-Identifier: Apache-2.0
#include "dfg/affine.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace gatewright::dfg {
namespace {

using fixed::Dyadic;
using fixed::Interval;

// Σ coefficient · atom + offset; atoms are values in increasing order, coefficients not zero.
struct Form {
    std::vector<std::pair<std::size_t, Dyadic>> terms;
    Dyadic offset;
};

Form scaled_form(const Form& form, const Dyadic& factor) {
    Form out{{}, form.offset * factor};
    out.terms.reserve(form.terms.size());
    for (const auto& [atom, coefficient] : form.terms)
        out.terms.emplace_back(atom, coefficient * factor);
    return out;
}

Form sum(const Form& a, const Form& b) {
    Form out{{}, a.offset + b.offset};
    auto i = a.terms.begin();
    auto j = b.terms.begin();
    while (i != a.terms.end() || j != b.terms.end()) {
        if (j == b.terms.end() || (i != a.terms.end() && i->first < j->first)) {
            out.terms.push_back(*i++);
        } else if (i == a.terms.end() || j->first < i->first) {
            out.terms.push_back(*j++);
        } else {
            Dyadic coefficient = i->second + j->second;
            if (!coefficient.is_zero()) out.terms.emplace_back(i->first, std::move(coefficient));
            ++i;
            ++j;
        }
    }
    return out;
}

Interval range_of(const Form& form, const std::vector<Interval>& ranges) {
    // A zero offset lies on every grid; starting from it at frac 0 would refine coarser sums.
    std::optional<Interval> out;
    if (!form.offset.is_zero()) out = Interval::constant(form.offset);
    for (const auto& [atom, coefficient] : form.terms) {
        const Interval term = scaled(ranges[atom], coefficient);
        out = out ? *out + term : term;
    }
    return out.value_or(Interval{});
}

// The node as a linear form of its operands' forms; nullopt for nonlinear ops.
std::optional<Form> linear_form(const Node& node, const Program& program,
                                const std::vector<Form>& forms) {
    const auto form = [&](std::size_t i) -> const Form& { return forms[node.args[i].index()]; };
    switch (node.op) {
        case Op::kConstant:
            return Form{{}, node.range.min()};
        case Op::kAdd:
            return sum(form(0), scaled_form(form(1), Dyadic(1, node.shift)));
        case Op::kSub:
            return sum(form(0), scaled_form(form(1), Dyadic(-1, node.shift)));
        case Op::kSlice: {
            const Node& source = program[node.args[0]];
            const bool whole = node.shift == 0 && node.format.holds(source.range.lo) &&
                               node.format.holds(source.range.hi);
            if (!whole) return std::nullopt;
            return scaled_form(form(0), Dyadic(1, source.format.frac - node.format.frac));
        }
        default:
            return std::nullopt;
    }
}

struct Analysis {
    std::vector<Interval> ranges;
    std::vector<bool> is_exact;  // the value is its linear form: nothing wrapped
};

Analysis analyse(const Program& program) {
    Analysis out;
    std::vector<Interval>& ranges = out.ranges;
    std::vector<Form> forms;
    ranges.reserve(program.size());
    forms.reserve(program.size());
    for (std::size_t i = 0; i < program.size(); ++i) {
        const Node& node = program.nodes()[i];
        const Form self{{{i, Dyadic(1)}}, {}};
        if (auto form = linear_form(node, program, forms)) {
            const Interval exact = range_of(*form, ranges);
            const int frac = node.format.frac;
            if (exact.frac <= frac) {
                const Interval aligned = on_grid(exact, frac);
                if (node.format.holds(aligned.lo) && node.format.holds(aligned.hi)) {
                    ranges.push_back(aligned);
                    out.is_exact.push_back(true);
                    forms.push_back(std::move(*form));
                    continue;
                }
            }
        }
        // An input's claim is an assumption; every other node must earn its range.
        const Interval own = node.op == Op::kInput ? node.range : result_range(program, node);
        ranges.push_back(on_grid(own, node.format.frac));
        out.is_exact.push_back(false);
        forms.push_back(self);
    }
    return out;
}

}  // namespace

std::vector<Interval> affine_ranges(const Program& program) {
    return analyse(program).ranges;
}

std::vector<bool> exact_sums(const Program& program) {
    return analyse(program).is_exact;
}

Status verify_ranges(const Program& program) {
    GW_TRY_STATUS(verify(program));
    const std::vector<Interval> proven = affine_ranges(program);
    for (std::size_t i = 0; i < program.size(); ++i) {
        const Node& node = program.nodes()[i];
        // Ranges grow by induction: result_range uses the operands' claims, proven before this one.
        if (!node.range.contains(proven[i]) && !node.range.contains(result_range(program, node))) {
            return fail(fmt::format(
                "{}: value %{} ({}): its range {} is narrower than the provable {}", program.name,
                i, to_string(node.op), fixed::to_string(node.range), fixed::to_string(proven[i])));
        }
    }
    return {};
}

}  // namespace gatewright::dfg
