// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "support/check.h"
#include "tools/tool.h"
#include "tools/z3.h"
#include "verify/layer_proofs.h"

namespace gatewright::verify {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::Program;
using fixed::Dyadic;
using fixed::Integer;
using fixed::Interval;

// Coefficients per atom, then the constant.
using Form = std::vector<Dyadic>;

// What the reference says: f(0) and f(unit vectors).
std::vector<Form> reference_forms(const CutLayer& layer) {
    const auto& reference = *layer.typed.graph()[layer.id].layer;
    const std::size_t atoms = layer.cut.program.inputs().size();
    std::vector<Dyadic> at(atoms);
    const model::Values origin = reference.reference(layer.cut.operands(layer.typed, layer.id, at));
    std::vector<Form> forms(origin.size(), Form(atoms + 1));
    for (std::size_t j = 0; j < origin.size(); ++j) forms[j][atoms] = origin[j];
    for (std::size_t a = 0; a < atoms; ++a) {
        at[a] = 1;
        const model::Values image =
            reference.reference(layer.cut.operands(layer.typed, layer.id, at));
        for (std::size_t j = 0; j < origin.size(); ++j) forms[j][a] = image[j] - origin[j];
        at[a] = 0;
    }
    return forms;
}

Form combined(const Form& a, const Form& b, const Dyadic& factor) {
    Form out = a;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (!b[i].is_zero()) out[i] += b[i] * factor;
    }
    return out;
}

bool is_constant(const Form& form) {
    return std::all_of(form.begin(), form.end() - 1, [](const Dyadic& c) { return c.is_zero(); });
}

// The normal forms of a program's values, while they are linear and exact.
class Normalizer {
  public:
    explicit Normalizer(const Program& program)
        : program_(program), atoms_(program.inputs().size()) {}

    // Fails, naming the value, where the program is not linear or may wrap.
    Result<std::vector<Form>> outputs() {
        std::size_t next_input = 0;
        for (std::size_t i = 0; i < program_.size(); ++i) {
            const Node& node = program_.nodes()[i];
            if (node.op == Op::kInput) {
                Form form(atoms_ + 1);
                form[next_input++] = 1;
                forms_.push_back(std::move(form));
                continue;
            }
            auto form = form_of(node);
            if (!form) {
                return fail(
                    fmt::format("value %{} ({}) is not linear", i, dfg::to_string(node.op)));
            }
            if (!fits(*form, node)) return fail(fmt::format("value %{} may wrap in its format", i));
            forms_.push_back(std::move(*form));
        }
        std::vector<Form> out;
        for (const dfg::ValueId output : program_.outputs()) out.push_back(forms_[output.index()]);
        return out;
    }

  private:
    [[nodiscard]] const Form& form(const Node& node, std::size_t i) const {
        return forms_[node.args[i].index()];
    }

    [[nodiscard]] std::optional<Form> form_of(const Node& node) const {
        if (node.op == Op::kConstant) {
            Form out(atoms_ + 1);
            out[atoms_] = node.range.min();
            return out;
        }
        if (node.op == Op::kAdd)
            return combined(form(node, 0), form(node, 1), Dyadic(1, node.shift));
        if (node.op == Op::kSub)
            return combined(form(node, 0), form(node, 1), Dyadic(-1, node.shift));
        if (node.op == Op::kMul && is_constant(form(node, 0))) {
            return combined(Form(atoms_ + 1), form(node, 1), form(node, 0)[atoms_]);
        }
        if (node.op == Op::kMul && is_constant(form(node, 1))) {
            return combined(Form(atoms_ + 1), form(node, 0), form(node, 1)[atoms_]);
        }
        // A slice from bit 0 that keeps the code moves the binary point; fits() checks that it
        // keeps it.
        if (node.op == Op::kSlice && node.shift == 0) {
            const int moved = program_[node.args[0]].format.frac - node.format.frac;
            return combined(Form(atoms_ + 1), form(node, 0), Dyadic(1, moved));
        }
        return std::nullopt;
    }

    [[nodiscard]] bool fits(const Form& form, const Node& node) const {
        // A zero constant has no grid of its own: it must not refine a coarse one.
        Interval range{0, 0, node.format.frac};
        if (!form[atoms_].is_zero()) range = range + Interval::constant(form[atoms_]);
        for (std::size_t a = 0; a < atoms_; ++a) {
            if (!form[a].is_zero()) {
                range = range + scaled(program_[program_.inputs()[a]].range, form[a]);
            }
        }
        if (range.frac > node.format.frac) return false;
        const Interval aligned = on_grid(range, node.format.frac);
        return node.format.holds(aligned.lo) && node.format.holds(aligned.hi);
    }

    const Program& program_;
    std::size_t atoms_;
    std::vector<Form> forms_;
};

std::string difference(const std::vector<Form>& wanted, const std::vector<Form>& found) {
    for (std::size_t j = 0; j < wanted.size(); ++j) {
        for (std::size_t a = 0; a < wanted[j].size(); ++a) {
            if (wanted[j][a] == found[j][a]) continue;
            const std::string where = a + 1 == wanted[j].size()
                                          ? "the constant"
                                          : fmt::format("the weight of input {}", a);
            return fmt::format("output {}: {} is {}, the dataflow has {}", j, where,
                               wanted[j][a].to_string(), found[j][a].to_string());
        }
    }
    return {};
}

void confirm_with_z3(const CutLayer& layer, const std::vector<Form>& wanted, double budget,
                     ProofResult& result) {
    if (!tools::is_installed(tools::kZ3)) {
        result.detail = "z3 is not installed: not confirmed by a second method";
        return;
    }
    const auto limit = std::chrono::seconds(std::max(1, static_cast<int>(budget)));
    const auto answer = tools::run_z3(linear_smt(layer.cut.program, wanted), limit);
    if (!answer) {
        result.detail = "z3: " + answer.error().message;
    } else if (answer->verdict == tools::Verdict::kUnsat) {
        result.method = "normal form + z3";
    } else if (answer->verdict == tools::Verdict::kSat) {
        result.outcome = Outcome::kDisproven;
        result.detail =
            "z3 finds a counterexample to what the normal form shows: one of the two is wrong";
    } else {
        result.detail = fmt::format("z3 did not decide within {} s", limit.count());
    }
}

// Bit-vector terms of width `bits` for the codes of a program's values.
class SmtWriter {
  public:
    SmtWriter(const Program& program, int bits) : program_(program), bits_(bits) {}

    [[nodiscard]] std::string number(const Integer& value) const {
        return fmt::format("(_ bv{} {})", value.low_bits(bits_).to_string(), bits_);
    }
    [[nodiscard]] std::string times(const std::string& term, const Integer& factor) const {
        return factor == Integer(1) ? term : fmt::format("(bvmul {} {})", term, number(factor));
    }
    [[nodiscard]] static std::string name(dfg::ValueId id) {
        return fmt::format("v{}", id.index());
    }

    [[nodiscard]] std::string definitions() const {
        std::string text;
        for (std::size_t i = 0; i < program_.size(); ++i) {
            const Node& node = program_.nodes()[i];
            if (node.op == Op::kInput) {
                text += fmt::format("(declare-const v{} (_ BitVec {}))\n", i, bits_);
            } else {
                text += fmt::format("(define-fun v{} () (_ BitVec {}) {})\n", i, bits_, term(node));
            }
        }
        return text;
    }

  private:
    // Operand i on the node's grid, times `factor`.
    [[nodiscard]] std::string operand(const Node& node, std::size_t i, int shift,
                                      int factor) const {
        const int up = node.format.frac - (program_[node.args[i]].format.frac - shift);
        return times(name(node.args[i]), Integer(factor) << up);
    }

    [[nodiscard]] std::string term(const Node& node) const {
        switch (node.op) {
            case Op::kConstant:
                return number(node.range.lo);
            case Op::kAdd:
                return fmt::format("(bvadd {} {})", operand(node, 0, 0, 1),
                                   operand(node, 1, node.shift, 1));
            case Op::kSub:
                return fmt::format("(bvadd {} {})", operand(node, 0, 0, 1),
                                   operand(node, 1, node.shift, -1));
            case Op::kMul:
                return fmt::format("(bvmul {} {})", name(node.args[0]), name(node.args[1]));
            case Op::kSlice:
                return name(node.args[0]);
            default:
                GW_UNREACHABLE("a linear program with a nonlinear op");
        }
    }

    const Program& program_;
    int bits_;
};

// Wide enough that codes and coefficients of both sides are the same numbers modulo 2^bits.
int smt_width(const Program& program, const std::vector<Form>& forms) {
    int bits = 2;
    for (const Node& node : program.nodes()) bits = std::max(bits, node.format.width + 1);
    for (std::size_t j = 0; j < forms.size(); ++j) {
        const int frac = program[program.outputs()[j]].format.frac;
        for (const Dyadic& c : forms[j]) {
            bits = std::max(bits,
                            c.mantissa().magnitude_bits() + std::max(0, frac + c.exponent()) + 2);
        }
    }
    return bits;
}

}  // namespace

std::string linear_smt(const Program& program, const std::vector<Form>& forms) {
    const SmtWriter writer(program, smt_width(program, forms));
    std::string text = "(set-logic QF_BV)\n" + writer.definitions() + "(assert (not (and true\n";
    for (std::size_t j = 0; j < forms.size(); ++j) {
        const dfg::ValueId output = program.outputs()[j];
        const int frac = program[output].format.frac;
        std::string sum = writer.number(forms[j].back().code_at(frac));
        for (std::size_t a = 0; a + 1 < forms[j].size(); ++a) {
            if (forms[j][a].is_zero()) continue;
            const dfg::ValueId atom = program.inputs()[a];
            const Dyadic factor = forms[j][a].shifted(-program[atom].format.frac);
            sum = fmt::format("{} {}", sum,
                              writer.times(SmtWriter::name(atom), factor.code_at(frac)));
        }
        text +=
            fmt::format("  (= {} (bvadd {} {}))\n", SmtWriter::name(output), sum, writer.number(0));
    }
    return text + ")))\n(check-sat)\n";
}

bool is_linear(const CutLayer& layer) {
    constexpr std::array kKinds{"dense", "einsum_dense", "affine",  "add",     "subtract",
                                "sum",   "concatenate",  "reshape", "permute", "flatten"};
    const std::string_view kind = layer.typed.graph()[layer.id].layer->kind();
    return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

void prove_linear(const CutLayer& layer, double budget_seconds, ProofResult& result) {
    const auto found = Normalizer(layer.cut.program).outputs();
    if (!found) {
        result.detail = found.error().message;
        return;
    }
    const std::vector<Form> wanted = reference_forms(layer);
    result.method = "normal form";
    if (*found != wanted) {
        result.outcome = Outcome::kDisproven;
        result.detail = difference(wanted, *found);
        return;
    }
    result.outcome = Outcome::kProven;
    confirm_with_z3(layer, wanted, budget_seconds, result);
}

}  // namespace gatewright::verify
