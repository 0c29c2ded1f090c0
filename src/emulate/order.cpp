// SPDX-License-Identifier: Apache-2.0
//
// Orders of evaluation. The processor has 16 or 32 vector registers, a network has hundreds of live
// values, and every value that has to leave its register costs a store. Finding the best order is
// hard (register sufficiency is NP-complete: R. Sethi, 1975); three cheap orders are made and the
// one that allocates best is taken: as written (layer by layer), depth first from the outputs with
// the deeper operand first (R. Sethi, J. D. Ullman, 1970), and a list schedule that prefers
// operations whose operands die and were touched last.
#include <algorithm>
#include <functional>
#include <queue>

#include "emulate/vector_program.h"

namespace gatewright::emulate {
namespace {

using Order = std::vector<VectorId>;

Order as_written(const VectorProgram& program) {
    Order order;
    for (VectorId id = 0; id < program.insts.size(); ++id) {
        if (!program.is_leaf(id)) order.push_back(id);
    }
    return order;
}

// Registers an expression tree would need; on shared values only a hint.
std::vector<std::uint32_t> register_needs(const VectorProgram& program) {
    std::vector<std::uint32_t> need(program.insts.size(), 0);
    for (VectorId id = 0; id < program.insts.size(); ++id) {
        const VectorInst& inst = program.insts[id];
        std::array<std::uint32_t, 3> of{};
        for (std::size_t a = 0; a < inst.count; ++a) of[a] = need[inst.args[a]];
        std::sort(of.begin(), of.end(), std::greater<>());
        need[id] = program.is_leaf(id) ? 0 : std::max({of[0], of[1] + 1, of[2] + 2, 1U});
    }
    return need;
}

Order depth_first(const VectorProgram& program) {
    const std::vector<std::uint32_t> need = register_needs(program);
    std::vector<bool> done(program.insts.size(), false);
    Order order;
    Order stack;
    for (const auto& output : program.outputs) {
        stack.push_back(output.value);
        while (!stack.empty()) {
            const VectorId id = stack.back();
            if (done[id] || program.is_leaf(id)) {
                stack.pop_back();
                continue;
            }
            const VectorInst& inst = program.insts[id];
            std::array<VectorId, 3> args = inst.args;
            std::stable_sort(args.begin(), args.begin() + inst.count,
                             [&](VectorId a, VectorId b) { return need[a] < need[b]; });
            bool ready = true;
            for (std::size_t a = 0; a < inst.count; ++a) {
                if (done[args[a]] || program.is_leaf(args[a])) continue;
                stack.push_back(args[a]);
                ready = false;
            }
            if (!ready) continue;
            done[id] = true;
            order.push_back(id);
            stack.pop_back();
        }
    }
    return order;
}

// Greedy list schedule. An instruction's rank changes when its operands are touched, so ranks in
// the queue may be stale: they are renewed when an entry comes up.
class ListSchedule {
  public:
    explicit ListSchedule(const VectorProgram& program)
        : program_(program),
          readers_(program.insts.size()),
          uses_left_(program.insts.size(), 0),
          waiting_(program.insts.size(), 0),
          touched_(program.insts.size(), 0) {}

    Order run() {
        const Order written = as_written(program_);
        for (const VectorId id : written) {
            for_operands(id, [&](VectorId arg) {
                readers_[arg].push_back(id);
                ++uses_left_[arg];
                ++waiting_[id];
            });
        }
        for (const auto& output : program_.outputs) ++uses_left_[output.value];
        for (const VectorId id : written) {
            if (waiting_[id] == 0) queue_.push({rank(id), id});
        }
        std::vector<bool> done(program_.insts.size(), false);
        Order order;
        while (!queue_.empty()) {
            const Entry entry = queue_.top();
            queue_.pop();
            if (done[entry.id] || entry.rank != rank(entry.id)) continue;
            done[entry.id] = true;
            order.push_back(entry.id);
            complete(entry.id, done);
        }
        return order;
    }

  private:
    struct Entry {
        std::int64_t rank;
        VectorId id;
        bool operator<(const Entry& other) const {
            return rank != other.rank ? rank < other.rank : id > other.id;
        }
    };

    template <class F>
    void for_operands(VectorId id, F function) const {
        const VectorInst& inst = program_.insts[id];
        for (std::size_t a = 0; a < inst.count; ++a) {
            const bool repeated = a > 0 && inst.args[a] == inst.args[a - 1];
            if (!program_.is_leaf(inst.args[a]) && !repeated) function(inst.args[a]);
        }
    }

    [[nodiscard]] std::int64_t rank(VectorId id) const {
        constexpr std::int64_t kDeath = 64;
        std::int64_t value = 0;
        for_operands(id, [&](VectorId arg) { value = std::max(value, touched_[arg]); });
        for_operands(id, [&](VectorId arg) { value += uses_left_[arg] == 1 ? kDeath : 0; });
        return value;
    }

    void complete(VectorId id, const std::vector<bool>& done) {
        touched_[id] = ++time_;
        for_operands(id, [&](VectorId arg) {
            --uses_left_[arg];
            touched_[arg] = time_;
            for (const VectorId reader : readers_[arg]) {
                if (!done[reader] && waiting_[reader] == 0) queue_.push({rank(reader), reader});
            }
        });
        for (const VectorId reader : readers_[id]) {
            if (--waiting_[reader] == 0) queue_.push({rank(reader), reader});
        }
    }

    const VectorProgram& program_;
    std::vector<std::vector<VectorId>> readers_;
    std::vector<std::uint32_t> uses_left_;
    std::vector<std::uint32_t> waiting_;
    std::vector<std::int64_t> touched_;
    std::int64_t time_ = 0;
    std::priority_queue<Entry> queue_;
};

}  // namespace

std::vector<Order> candidate_orders(const VectorProgram& program) {
    return {as_written(program), depth_first(program), ListSchedule(program).run()};
}

}  // namespace gatewright::emulate
