// SPDX-License-Identifier: Apache-2.0
//
// The referee. It trusts no array of the solver and shares only the delay model with it. Bit by bit
// it works out what is wire and what is computed, who reads what and until when; then every path of
// every cycle is summed again and every register counted again.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "schedule/liveness.h"
#include "schedule/schedule.h"

namespace gatewright::schedule {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::ValueId;

// A bit of a computed value; none: a constant.
struct Origin {
    std::size_t value = 0;
    int bit = 0;
};
using Origins = std::vector<std::optional<Origin>>;

class Referee {
  public:
    Referee(const arch::FlatProgram& flat, const Device& device, const Schedule& schedule)
        : program_(flat.program),
          device_(loaded_device(flat.program, device, schedule.absorbed)),
          schedule_(schedule),
          live_(live_values(flat.program)) {}

    Status check() {
        if (schedule_.cycle.size() != program_.size() ||
            schedule_.arrival_ps.size() != program_.size()) {
            return fail(fmt::format("the schedule is for {} values, the program has {}",
                                    schedule_.cycle.size(), program_.size()));
        }
        GW_TRY_STATUS(verify_absorbed(program_, schedule_.absorbed));
        GW_TRY_STATUS(check_inputs());
        find_origins();
        find_uses();
        for (std::size_t i = 0; i < program_.size(); ++i) {
            if (!live_[i] || is_absorbed(i)) continue;
            GW_TRY_STATUS(check_node(i));
            GW_TRY_STATUS(check_absorbed_by(i));
        }
        GW_TRY_STATUS(check_outputs());
        return check_totals();
    }

  private:
    [[nodiscard]] const Node& node(std::size_t i) const { return program_.nodes()[i]; }
    [[nodiscard]] const Node& operand(std::size_t i, std::size_t a) const {
        return program_[node(i).args[a]];
    }
    [[nodiscard]] tl::unexpected<Error> bad(std::size_t i, const std::string& what) const {
        return fail(fmt::format("{}: value %{} ({}), cycle {}: {}", program_.name, i,
                                dfg::to_string(node(i).op), schedule_.cycle[i], what));
    }

    Status check_inputs() {
        for (std::size_t i = 0; i < program_.size(); ++i) {
            if (!live_[i] || node(i).op != Op::kInput) continue;
            const std::int32_t cycle = schedule_.cycle[i];
            if (input_cycle_ < 0) input_cycle_ = cycle;
            if (cycle != input_cycle_ || cycle < 0 || cycle > 1)
                return bad(i, "inputs are in cycle 0, or all of them in cycle 1");
        }
        return {};
    }

    // Rounding needs an adder, except that an unsigned number is rounded toward zero by cutting.
    [[nodiscard]] bool rounds(std::size_t i) const {
        if (operand(i, 0).format.frac <= node(i).format.frac) return false;
        if (node(i).round == fixed::Round::kTrnZero) return operand(i, 0).format.is_signed;
        return node(i).round != fixed::Round::kTrn;
    }
    [[nodiscard]] bool clamps(std::size_t i) const {
        const bool plain = node(i).overflow == fixed::Overflow::kWrap;
        if (plain && node(i).saturation_bits == 0) return false;
        return fixed::can_overflow(operand(i, 0).range, node(i).cast());
    }
    [[nodiscard]] bool is_wire(std::size_t i) const {
        const Op op = node(i).op;
        return op == Op::kSlice || op == Op::kConcat ||
               (op == Op::kCast && !rounds(i) && !clamps(i));
    }

    // Bit `bit` of operand a, any position: below it there are zeros, above it its sign.
    [[nodiscard]] std::optional<Origin> origin(std::size_t i, std::size_t a, int bit) const {
        const Origins& bits = origins_[node(i).args[a].index()];
        if (bit < 0 || bits.empty()) return std::nullopt;
        if (bit < static_cast<int>(bits.size())) return bits[static_cast<std::size_t>(bit)];
        return operand(i, a).format.is_signed ? bits.back() : std::nullopt;
    }
    [[nodiscard]] std::optional<Origin> wired_bit(std::size_t i, int bit) const {
        if (node(i).op == Op::kSlice) return origin(i, 0, bit + node(i).shift);
        if (node(i).op == Op::kCast)
            return origin(i, 0, bit + operand(i, 0).format.frac - node(i).format.frac);
        const int low_bits = operand(i, 1).format.width;
        if (bit < low_bits) return origin(i, 1, bit);
        if (bit < low_bits + operand(i, 0).format.width) return origin(i, 0, bit - low_bits);
        return std::nullopt;
    }

    void find_origins() {
        origins_.resize(program_.size());
        for (std::size_t i = 0; i < program_.size(); ++i) {
            const bool is_constant = constant_code(node(i)).has_value();
            for (int bit = 0; bit < node(i).format.width; ++bit) {
                origins_[i].push_back(is_constant  ? std::nullopt
                                      : is_wire(i) ? wired_bit(i, bit)
                                                   : std::optional(Origin{i, bit}));
            }
        }
    }

    [[nodiscard]] bool is_absorbed(std::size_t i) const {
        return !schedule_.absorbed.empty() && schedule_.absorbed[i];
    }
    // The operands of a node; of a three-input adder those of the one it absorbs in its place.
    [[nodiscard]] std::vector<std::size_t> operands(std::size_t i) const {
        std::vector<std::size_t> out;
        for (const ValueId arg : node(i).operands()) {
            if (!is_absorbed(arg.index())) {
                out.push_back(arg.index());
                continue;
            }
            for (const ValueId inner : program_[arg].operands()) out.push_back(inner.index());
        }
        return out;
    }

    // A wire is no user of its own, but what it is wired to must be there.
    static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

    void use(std::size_t value, int lowest, std::size_t user, std::int32_t cycle) {
        for (std::size_t bit = 0; bit < origins_[value].size(); ++bit) {
            const auto& from = origins_[value][bit];
            if (!from || static_cast<int>(bit) < lowest) continue;
            std::int32_t& last = last_use_[from->value][static_cast<std::size_t>(from->bit)];
            last = std::max(last, cycle);
            if (user != kNobody) users_[from->value].insert({cycle, user});
        }
    }

    // A cast that cuts bits off does not look at them; one that rounds half up looks at the
    // highest.
    [[nodiscard]] int lowest_seen(std::size_t i) const {
        if (node(i).op != Op::kCast) return 0;
        const fixed::Format& from = operand(i, 0).format;
        const int cut = std::min(from.frac - node(i).format.frac, from.width - 1);
        if (!rounds(i)) return cut;
        return node(i).round == fixed::Round::kRnd ? cut - 1 : 0;
    }

    void find_uses() {
        users_.resize(program_.size());
        for (std::size_t i = 0; i < program_.size(); ++i) {
            const auto width = static_cast<std::size_t>(node(i).format.width);
            last_use_.emplace_back(width, first_cycle(i));
        }
        for (std::size_t i = 0; i < program_.size(); ++i) {
            if (!live_[i]) continue;
            if (is_wire(i) && node(i).op != Op::kConcat) {
                if (schedule_.cycle[i] == input_cycle_) use(i, 0, kNobody, input_cycle_);
                continue;
            }
            if (is_absorbed(i)) continue;
            for (const std::size_t value : operands(i))
                use(value, lowest_seen(i), i, schedule_.cycle[i]);
        }
        for (const ValueId output : program_.outputs())
            use(output.index(), 0, program_.size(), schedule_.latency_cycles);
        for (const auto& users : users_) {
            std::set<std::size_t> sinks;
            for (const auto& [cycle, user] : users) sinks.insert(user);
            sinks_.push_back(std::max<std::size_t>(1, sinks.size()));
        }
    }

    [[nodiscard]] std::int32_t first_cycle(std::size_t i) const {
        return node(i).op == Op::kInput ? 0 : schedule_.cycle[i];
    }

    // The net from a value, or from its register, to all that read it.
    [[nodiscard]] double net(std::size_t value, bool from_register) const {
        std::size_t count = sinks_[value];
        const bool is_ours = node(value).op != Op::kInput || input_cycle_ == 1;
        if (from_register && is_ours && schedule_.register_fanout > 0)
            count = std::min(count, static_cast<std::size_t>(schedule_.register_fanout));
        return net_ps(device_, count);
    }

    // The computed values whose bits the node looks at.
    [[nodiscard]] std::set<std::size_t> sources(std::size_t i) const {
        std::set<std::size_t> out;
        for (const std::size_t value : operands(i)) {
            const Origins& bits = origins_[value];
            for (std::size_t bit = 0; bit < bits.size(); ++bit) {
                if (bits[bit] && static_cast<int>(bit) >= lowest_seen(i))
                    out.insert(bits[bit]->value);
            }
        }
        return out;
    }

    Status check_node(std::size_t i) {
        const std::int32_t cycle = schedule_.cycle[i];
        const bool only_wire = is_wire(i) && node(i).op != Op::kConcat;
        double stable = device_.register_ps;
        if (only_wire && live_[node(i).args[0].index()]) {
            const std::size_t from = node(i).args[0].index();
            if (schedule_.cycle[from] != cycle)
                return bad(i, fmt::format("wiring of a value of cycle {}", schedule_.cycle[from]));
            stable = arrival_[from];
        } else if (!only_wire) {
            const double delay = delay_ps(program_, ValueId(i), device_, schedule_.absorbed);
            for (const std::size_t from : sources(i)) {
                const std::int32_t made = schedule_.cycle[from];
                if (made > cycle)
                    return bad(i,
                               fmt::format("its operand %{} is computed in cycle {}", from, made));
                const bool held = made < cycle || node(from).op == Op::kInput;
                const double start = held ? device_.register_ps : arrival_[from];
                const double overlap = held ? 0
                                            : overlap_ps(program_, ValueId(from), ValueId(i),
                                                         device_, schedule_.absorbed);
                stable =
                    std::max(stable, delay > 0 ? start + net(from, held) + delay - overlap : start);
            }
        }
        arrival_[i] = stable;
        if (std::abs(arrival_[i] - schedule_.arrival_ps[i]) > 1e-3) {
            return bad(i, fmt::format("is stable after {:.1f} ps, not {:.1f}", arrival_[i],
                                      schedule_.arrival_ps[i]));
        }
        if (arrival_[i] > 1e6 / schedule_.clock_mhz + 1e-3) {
            return bad(i, fmt::format("is stable after {:.1f} ps, the period is {:.1f} ps",
                                      arrival_[i], 1e6 / schedule_.clock_mhz));
        }
        if (cycle < input_cycle_ || cycle > schedule_.latency_cycles)
            return bad(
                i, fmt::format("outside cycles {} to {}", input_cycle_, schedule_.latency_cycles));
        critical_ps_ = std::max(critical_ps_, arrival_[i]);
        return {};
    }

    // An absorbed addition is made in its reader's cycle and is there no earlier than that.
    Status check_absorbed_by(std::size_t i) const {
        for (const ValueId arg : node(i).operands()) {
            const std::size_t inner = arg.index();
            if (!is_absorbed(inner)) continue;
            if (schedule_.cycle[inner] != schedule_.cycle[i])
                return bad(inner,
                           fmt::format("is absorbed by a value of cycle {}", schedule_.cycle[i]));
            if (schedule_.arrival_ps[inner] != schedule_.arrival_ps[i])
                return bad(inner, "is stable at another time than the value that absorbs it");
        }
        return {};
    }

    Status check_outputs() {
        for (const ValueId output : program_.outputs()) {
            for (const auto& from : origins_[output.index()]) {
                if (!from || schedule_.cycle[from->value] <= schedule_.latency_cycles) continue;
                return bad(output.index(),
                           fmt::format("an output computed after the latency of {} cycles",
                                       schedule_.latency_cycles));
            }
        }
        return {};
    }

    // Registers of a value: each bit until its last use, and copies where many users share one.
    [[nodiscard]] std::int64_t register_bits(std::size_t i, std::int64_t& copies) const {
        std::int64_t bits = 0;
        for (const std::int32_t last : last_use_[i]) bits += last - first_cycle(i);
        if (schedule_.register_fanout == 0) return bits;
        std::map<std::int32_t, std::int64_t> readers;
        for (const auto& [cycle, user] : users_[i]) ++readers[cycle];
        for (const auto& [cycle, count] : readers) {
            if (cycle <= first_cycle(i)) continue;
            const std::int64_t needed =
                (count + schedule_.register_fanout - 1) / schedule_.register_fanout;
            for (const std::int32_t last : last_use_[i])
                if (last >= cycle) copies += needed - 1;
        }
        return bits;
    }

    Status check_totals() {
        std::int64_t bits = 0;
        std::int64_t copies = 0;
        for (std::size_t i = 0; i < program_.size(); ++i) {
            if (live_[i] && !is_wire(i) && !is_absorbed(i)) bits += register_bits(i, copies);
        }
        if (bits + copies != schedule_.register_bits || copies != schedule_.duplicate_bits) {
            return fail(
                fmt::format("{}: {} register bits, {} of them copies, the schedule says {} and {}",
                            program_.name, bits + copies, copies, schedule_.register_bits,
                            schedule_.duplicate_bits));
        }
        if (std::abs(critical_ps_ - schedule_.critical_ps) > 1e-3) {
            return fail(fmt::format("{}: the longest path is {:.1f} ps, the schedule says {:.1f}",
                                    program_.name, critical_ps_, schedule_.critical_ps));
        }
        if (schedule_.clock_mhz > device_.max_clock_mhz * (1 + 1e-9)) {
            return fail(fmt::format("{}: a clock of {} MHz, above the device's limit of {}",
                                    program_.name, schedule_.clock_mhz, device_.max_clock_mhz));
        }
        return {};
    }

    const dfg::Program& program_;
    const Device device_;
    const Schedule& schedule_;
    const std::vector<bool> live_;
    std::vector<Origins> origins_;
    std::vector<std::vector<std::int32_t>> last_use_;                    ///< per bit
    std::vector<std::set<std::pair<std::int32_t, std::size_t>>> users_;  ///< (cycle, user)
    std::vector<std::size_t> sinks_;
    std::vector<double> arrival_ = std::vector<double>(program_.size(), 0.0);
    std::int32_t input_cycle_ = -1;
    double critical_ps_ = device_.register_ps;
};

}  // namespace

Status verify(const arch::FlatProgram& flat, const Device& device, const Schedule& schedule) {
    return Referee(flat, device, schedule).check();
}

}  // namespace gatewright::schedule
