// SPDX-License-Identifier: Apache-2.0
#include "emulate/exponents.h"

#include <algorithm>
#include <numeric>

#include "emulate/lane_program.h"

namespace gatewright::emulate {

using dfg::Node;
using dfg::Op;
using dfg::ValueId;

int lane_of(int bits) {
    if (bits <= 16) return 16;
    if (bits <= 32) return 32;
    return bits <= 64 ? 64 : kWide;
}

int alignment(const dfg::Program& program, const Node& node, std::size_t i) {
    const bool scaled = i == 1 && (node.op == Op::kAdd || node.op == Op::kSub);
    return node.format.frac - program[node.args[i]].format.frac + (scaled ? node.shift : 0);
}

bool takes_any_shift(const dfg::Program& program, const Ranges& ranges, ValueId id) {
    const Node& node = program[id];
    const auto range = [&](std::size_t i) -> const fixed::Interval& {
        return ranges.of(node.args[i]);
    };
    switch (node.op) {
        case Op::kInput:
        case Op::kConstant:
            return true;
        case Op::kAdd:
        case Op::kSub:
            return ranges.sum_fits(node);
        case Op::kMin:
        case Op::kMax:
            return Ranges::holds(node, hull(range(0), range(1)));
        case Op::kSelect:
            return Ranges::holds(node, hull(range(1), range(2)));
        case Op::kCast:
        case Op::kSlice:
            return quantize_of(program, ranges, node).has_value();
        default:
            return false;
    }
}

namespace {

// What a node asks of one operand's stored shift.
struct Request {
    enum class Kind : std::uint8_t { kAny, kNone, kTied } kind = Kind::kAny;
    int offset = 0;  // kTied: the operand's shift is the node's plus this
};

struct Counted {
    int shift;
    int count;
};

class Chooser {
  public:
    Chooser(const dfg::Program& program, const Ranges& ranges, const std::vector<bool>& live)
        : program_(program), ranges_(ranges), live_(live), size_(program.size()) {
        storage_.bits.resize(size_, 1);
        storage_.shift.resize(size_, 0);
        most_.resize(size_, 0);
        quantize_.resize(size_);
        requests_.resize(size_);
        for (std::size_t i = 0; i < size_; ++i) {
            if (live_[i]) describe(i);
        }
    }

    Storage choose() {
        merge();
        refine();
        const std::vector<int> merged = storage_.shift;
        const int cost_merged = total_cost();
        std::fill(storage_.shift.begin(), storage_.shift.end(), 0);
        refine();
        if (cost_merged < total_cost()) storage_.shift = merged;
        return std::move(storage_);
    }

  private:
    void describe(std::size_t i) {
        const ValueId id(i);
        const Node& node = program_.nodes()[i];
        storage_.bits[i] = ranges_.bits(id);
        const int lane = lane_of(storage_.bits[i]);
        const bool is_free = lane != kWide && takes_any_shift(program_, ranges_, id);
        most_[i] = is_free ? lane - storage_.bits[i] : 0;
        const bool quantizes = node.op == Op::kCast || node.op == Op::kSlice;
        if (quantizes) quantize_[i] = quantize_of(program_, ranges_, node);
        for (std::size_t a = 0; a < dfg::arity(node.op); ++a) {
            requests_[i][a] = request(i, a, is_free);
            const bool compared = node.op == Op::kMin || node.op == Op::kMax;
            if (!compared || requests_[i][a].kind != Request::Kind::kTied) continue;
            // The operands too must fit the lane they are compared in.
            const int need = ranges_.bits(node.args[a]) + requests_[i][a].offset;
            const int room = std::max(lane, lane_of(need));
            most_[i] = room == kWide ? 0 : std::clamp(room - need, 0, most_[i]);
        }
    }

    [[nodiscard]] Request request(std::size_t i, std::size_t a, bool is_free) const {
        const Node& node = program_.nodes()[i];
        if (program_[node.args[a]].op == Op::kConstant) return {};
        switch (node.op) {
            case Op::kAdd:
            case Op::kSub:
            case Op::kMin:
            case Op::kMax:
                break;
            case Op::kSelect:
                if (a == 0) return {Request::Kind::kNone, 0};
                break;
            case Op::kCast:
            case Op::kSlice:
                if (quantize_[i] && quantize_[i]->drop > 0) return {};
                if (quantize_[i] && quantize_[i]->finish == Finish::kNone)
                    return {Request::Kind::kTied, -quantize_[i]->drop};
                return {Request::Kind::kNone, 0};
            default:
                return {Request::Kind::kNone, 0};
        }
        if (!is_free) return {Request::Kind::kNone, 0};
        return {Request::Kind::kTied, alignment(program_, node, a)};
    }

    // Weighted union-find: values of one class are stored with shifts of fixed differences.
    std::size_t find(std::size_t i) {
        while (parent_[i] != i) {
            const std::size_t up = parent_[i];
            offset_[i] += parent_[up] == up ? 0 : offset_[up];
            parent_[i] = parent_[up];
            i = parent_[i];
        }
        return i;
    }
    int offset_to_root(std::size_t i) {
        int offset = 0;
        while (parent_[i] != i) {
            offset += offset_[i];
            i = parent_[i];
        }
        return offset;
    }

    void merge() {
        parent_.resize(size_);
        std::iota(parent_.begin(), parent_.end(), std::size_t{0});
        offset_.assign(size_, 0);
        std::vector<int> low(size_, 0);
        std::vector<int> high = most_;
        for (std::size_t i = 0; i < size_; ++i) {
            const Node& node = program_.nodes()[i];
            for (std::size_t a = 0; live_[i] && a < dfg::arity(node.op); ++a) {
                if (requests_[i][a].kind != Request::Kind::kTied) continue;
                const std::size_t operand = node.args[a].index();
                const int to_node = offset_to_root(i);
                const int to_operand = offset_to_root(operand);
                const std::size_t root = find(i);
                const std::size_t other = find(operand);
                if (root == other) continue;
                // shift(operand) = shift(i) + offset, and shift(x) = shift(root of x) + offset(x)
                const int between = to_node + requests_[i][a].offset - to_operand;
                const int lowest = std::max(low[root], low[other] - between);
                const int highest = std::min(high[root], high[other] - between);
                if (lowest > highest) continue;
                parent_[other] = root;
                offset_[other] = between;
                low[root] = lowest;
                high[root] = highest;
            }
        }
        for (std::size_t i = 0; i < size_; ++i) {
            const int offset = offset_to_root(i);
            storage_.shift[i] = std::clamp(low[find(i)] + offset, 0, most_[i]);
        }
    }

    [[nodiscard]] bool is_constant(std::size_t i) const {
        return program_.nodes()[i].op == Op::kConstant;
    }
    void add_request(std::size_t operand, int shift, int by) {
        for (Counted& one : wanted_[operand]) {
            if (one.shift == shift) {
                one.count += by;
                return;
            }
        }
        wanted_[operand].push_back({shift, by});
    }
    void ask(std::size_t i, int by) {
        const Node& node = program_.nodes()[i];
        for (std::size_t a = 0; a < dfg::arity(node.op); ++a) {
            const Request& request = requests_[i][a];
            if (request.kind == Request::Kind::kAny) continue;
            const bool tied = request.kind == Request::Kind::kTied;
            add_request(node.args[a].index(), tied ? storage_.shift[i] + request.offset : 0, by);
        }
    }
    [[nodiscard]] int shifts_needed(std::size_t i) const {
        int count = 0;
        for (const Counted& one : wanted_[i])
            count += one.count > 0 && one.shift != storage_.shift[i] ? 1 : 0;
        return count;
    }

    // Instructions of the operation itself that depend on the shifts.
    [[nodiscard]] int own_cost(std::size_t i) const {
        const Node& node = program_.nodes()[i];
        const int k = storage_.shift[i];
        const int lane = lane_of(storage_.bits[i]);
        if (node.op == Op::kInput) {
            if (node.format.is_signed)
                return (node.format.width + k < lane ? 1 : 0) + (node.format.width < lane ? 1 : 0);
            return k == 0 ? 1 : 2;
        }
        if (!quantize_[i] || quantize_[i]->drop <= 0) return 0;
        const Quantize& q = *quantize_[i];
        const int from = storage_.shift[node.args[0].index()];
        const bool same_scale = k == from + q.drop;
        const int truncated = k == 0 || same_scale ? 1 : 2;
        if (q.finish != Finish::kWrap) return truncated;
        if (!node.format.is_signed) return same_scale ? 1 : truncated + 1;
        return 1 + (node.format.width + k < lane ? 1 : 0) + (k > 0 ? 1 : 0);
    }

    [[nodiscard]] int local_cost(std::size_t i) const {
        const Node& node = program_.nodes()[i];
        int cost = shifts_needed(i) + own_cost(i);
        for (std::size_t a = 0; a < dfg::arity(node.op); ++a) {
            const std::size_t operand = node.args[a].index();
            if (!is_constant(operand)) cost += shifts_needed(operand);
        }
        for (const std::uint32_t user : quantizers_[i]) cost += own_cost(user);
        return cost;
    }

    void refine() {
        wanted_.assign(size_, {});
        quantizers_.assign(size_, {});
        for (std::size_t i = 0; i < size_; ++i) {
            if (!live_[i]) continue;
            ask(i, 1);
            if (quantize_[i]) {
                quantizers_[program_.nodes()[i].args[0].index()].push_back(
                    static_cast<std::uint32_t>(i));
            }
        }
        constexpr int kPasses = 6;
        for (int pass = 0; pass < kPasses; ++pass) {
            bool changed = false;
            for (std::size_t n = 0; n < size_; ++n) {
                const std::size_t i = pass % 2 == 0 ? size_ - 1 - n : n;
                if (live_[i] && most_[i] > 0 && !is_constant(i)) changed = improve(i) || changed;
            }
            if (!changed) return;
        }
    }

    bool improve(std::size_t i) {
        const Node& node = program_.nodes()[i];
        std::vector<int> candidates{0, most_[i]};
        for (const Counted& one : wanted_[i]) candidates.push_back(one.shift);
        for (std::size_t a = 0; a < dfg::arity(node.op); ++a) {
            const int from = storage_.shift[node.args[a].index()];
            if (requests_[i][a].kind == Request::Kind::kTied)
                candidates.push_back(from - requests_[i][a].offset);
            if (quantize_[i]) candidates.push_back(from + quantize_[i]->drop);
        }
        const int before = storage_.shift[i];
        int best = before;
        int best_cost = local_cost(i);
        for (const int shift : candidates) {
            if (shift < 0 || shift > most_[i] || shift == best) continue;
            move(i, shift);
            const int cost = local_cost(i);
            if (cost < best_cost) {
                best = shift;
                best_cost = cost;
            }
        }
        move(i, best);
        return best != before;
    }
    void move(std::size_t i, int shift) {
        ask(i, -1);
        storage_.shift[i] = shift;
        ask(i, 1);
    }

    [[nodiscard]] int total_cost() const {
        int cost = 0;
        for (std::size_t i = 0; i < size_; ++i) {
            if (live_[i] && !is_constant(i)) cost += shifts_needed(i) + own_cost(i);
        }
        return cost;
    }

    const dfg::Program& program_;
    const Ranges& ranges_;
    const std::vector<bool>& live_;
    std::size_t size_;
    Storage storage_;
    std::vector<int> most_;  // largest shift that fits the lane
    std::vector<std::optional<Quantize>> quantize_;
    std::vector<std::array<Request, 3>> requests_;
    std::vector<std::size_t> parent_;
    std::vector<int> offset_;
    std::vector<std::vector<Counted>> wanted_;  // per value: shifts its readers ask for
    std::vector<std::vector<std::uint32_t>> quantizers_;
};

}  // namespace

Storage choose_storage(const dfg::Program& program, const Ranges& ranges,
                       const std::vector<bool>& live) {
    return Chooser(program, ranges, live).choose();
}

}  // namespace gatewright::emulate
