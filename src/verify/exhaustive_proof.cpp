// SPDX-License-Identifier: Apache-2.0
//
// Running a layer through all inputs. Outputs that share no input are independent, so all elements
// of an elementwise layer are walked at once: a relu on 64 values of 14 bits takes 2^14
// evaluations, not 64 times as many.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>

#include "dfg/interpreter.h"
#include "emulate/engine.h"
#include "support/parallel.h"
#include "support/stopwatch.h"
#include "verify/layer_proofs.h"

namespace gatewright::verify {
namespace {

using dfg::Program;
using fixed::Dyadic;
using fixed::Integer;

std::int64_t code_count(const Program& program, std::size_t atom) {
    const fixed::Interval& range = program[program.inputs()[atom]].range;
    return (range.hi - range.lo + 1).to_int64().value_or(INT64_MAX);
}

// Atoms that reach a common output are one group.
class Groups {
  public:
    explicit Groups(const Program& program) : parent_(program.inputs().size()) {
        std::iota(parent_.begin(), parent_.end(), std::size_t{0});
        std::vector<std::size_t> root_of(program.size(), kNone);
        std::size_t next_input = 0;
        for (std::size_t i = 0; i < program.size(); ++i) {
            const dfg::Node& node = program.nodes()[i];
            if (node.op == dfg::Op::kInput) {
                root_of[i] = next_input++;
                continue;
            }
            for (const dfg::ValueId arg : node.operands()) {
                const std::size_t theirs = root_of[arg.index()];
                if (theirs == kNone) continue;
                root_of[i] = root_of[i] == kNone ? find(theirs) : join(root_of[i], theirs);
            }
        }
    }
    std::size_t find(std::size_t atom) {
        while (parent_[atom] != atom) atom = parent_[atom] = parent_[parent_[atom]];
        return atom;
    }

  private:
    static constexpr std::size_t kNone = SIZE_MAX;
    std::size_t join(std::size_t a, std::size_t b) {
        const std::size_t root = find(a);
        parent_[find(b)] = root;
        return root;
    }
    std::vector<std::size_t> parent_;
};

// Case number -> the code of every atom: in each group, the atoms count like digits.
class Walk {
  public:
    explicit Walk(const Program& program) : digits_(program.inputs().size()) {
        Groups groups(program);
        std::vector<std::int64_t> size(digits_.size(), 1);
        for (std::size_t a = 0; a < digits_.size(); ++a) {
            const std::size_t group = groups.find(a);
            digits_[a].group = group;
            digits_[a].below = size[group];
            digits_[a].count = code_count(program, a);
            digits_[a].lowest = program[program.inputs()[a]].range.lo;
            if (__builtin_mul_overflow(size[group], digits_[a].count, &size[group]))
                size[group] = INT64_MAX;
        }
        for (Digit& digit : digits_) digit.cases = size[digit.group];
        for (const std::int64_t cases : size) cases_ = std::max(cases_, cases);
    }
    [[nodiscard]] std::int64_t cases() const { return cases_; }
    [[nodiscard]] Integer code(std::size_t atom, std::int64_t number) const {
        const Digit& digit = digits_[atom];
        return digit.lowest + Integer(number % digit.cases / digit.below % digit.count);
    }

  private:
    struct Digit {
        std::size_t group = 0;
        std::int64_t below = 1;
        std::int64_t count = 1;
        std::int64_t cases = 1;
        Integer lowest;
    };
    std::vector<Digit> digits_;
    std::int64_t cases_ = 1;
};

class Exhaustion {
  public:
    explicit Exhaustion(const CutLayer& layer)
        : layer_(layer), program_(layer.cut.program), walk_(program_), engine_(program_) {}

    [[nodiscard]] std::int64_t cases() const { return walk_.cases(); }

    // Compares cases [begin, end); the text of the first difference, or nothing.
    [[nodiscard]] std::string compare(std::int64_t begin, std::int64_t end) const {
        const std::size_t atoms = program_.inputs().size();
        const std::size_t outputs = program_.outputs().size();
        const auto count = static_cast<std::size_t>(end - begin);
        std::vector<Integer> in;
        in.reserve(count * atoms);
        for (std::int64_t number = begin; number < end; ++number) {
            for (std::size_t a = 0; a < atoms; ++a) in.push_back(walk_.code(a, number));
        }
        std::vector<Integer> out(count * outputs);
        run(in, out);
        std::mutex guard;
        std::pair<std::size_t, std::string> first{SIZE_MAX, {}};
        parallel_for(count, 64, [&](std::size_t from, std::size_t to) {
            for (std::size_t k = from; k < to; ++k) {
                std::string difference = compare_one(std::span(in).subspan(k * atoms, atoms),
                                                     std::span(out).subspan(k * outputs, outputs));
                if (difference.empty()) continue;
                const std::lock_guard lock(guard);
                if (k < first.first) first = {k, std::move(difference)};
                return;
            }
        });
        return first.second;
    }

  private:
    void run(const std::vector<Integer>& in, std::vector<Integer>& out) const {
        if (!engine_.fits_int64()) return engine_.run_exact(in, out);
        std::vector<std::int64_t> codes;
        codes.reserve(in.size());
        for (const Integer& code : in) codes.push_back(*code.to_int64());
        std::vector<std::int64_t> results(out.size());
        engine_.run(codes, results);
        std::copy(results.begin(), results.end(), out.begin());
    }

    [[nodiscard]] std::string compare_one(std::span<const Integer> in,
                                          std::span<const Integer> out) const {
        std::vector<Dyadic> atoms;
        for (std::size_t a = 0; a < in.size(); ++a) {
            atoms.emplace_back(in[a], -program_[program_.inputs()[a]].format.frac);
        }
        const model::Values wanted = layer_.typed.graph()[layer_.id].layer->reference(
            layer_.cut.operands(layer_.typed, layer_.id, atoms));
        for (std::size_t j = 0; j < out.size(); ++j) {
            const Dyadic found(out[j], -program_[program_.outputs()[j]].format.frac);
            if (found == wanted[j]) continue;
            return fmt::format("output {}: the reference gives {}, the dataflow {}", j,
                               wanted[j].to_string(), found.to_string());
        }
        return {};
    }

    const CutLayer& layer_;
    const Program& program_;
    Walk walk_;
    emulate::Engine engine_;
};

}  // namespace

std::optional<std::size_t> exhaustive_cases(const CutLayer& layer, std::size_t most) {
    const std::int64_t cases = Walk(layer.cut.program).cases();
    if (cases > static_cast<std::int64_t>(most)) return std::nullopt;
    return static_cast<std::size_t>(cases);
}

void prove_exhaustively(const CutLayer& layer, double budget_seconds, std::size_t most,
                        ProofResult& result) {
    if (!exhaustive_cases(layer, most)) {
        result.detail = fmt::format("its outputs depend on more than {} input combinations", most);
        return;
    }
    const Exhaustion exhaustion(layer);
    const Stopwatch watch;
    const std::int64_t cases = exhaustion.cases();
    constexpr std::int64_t kBatch = 2048;
    for (std::int64_t begin = 0; begin < cases; begin += kBatch) {
        const std::string difference = exhaustion.compare(begin, std::min(cases, begin + kBatch));
        if (!difference.empty()) {
            result.outcome = Outcome::kDisproven;
            result.method = "all inputs";
            result.detail = difference;
            return;
        }
        const double done = static_cast<double>(std::min(cases, begin + kBatch));
        const double needed = watch.seconds() / done * static_cast<double>(cases);
        if (needed > budget_seconds && done < static_cast<double>(cases)) {
            result.detail = fmt::format(
                "all {} inputs would take {:.0f} s, {:.0f} s were left; the first {:.0f} agree",
                cases, needed, std::max(0.0, budget_seconds), done);
            return;
        }
    }
    result.outcome = Outcome::kProven;
    result.method = fmt::format("all {} inputs", cases);
}

}  // namespace gatewright::verify
