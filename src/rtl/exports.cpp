// SPDX-License-Identifier: Apache-2.0
#include "rtl/exports.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "schedule/wires.h"
#include "support/check.h"

namespace gatewright::rtl {
namespace {

using dfg::ValueId;

class Finder {
  public:
    Finder(const arch::Design& design, const arch::FlatProgram& flat,
           const schedule::Schedule& schedule, const std::vector<bool>& live, const Copies& copies)
        : design_(design),
          flat_(flat),
          schedule_(schedule),
          live_(live),
          copies_(copies),
          traced_(schedule::trace_bits(flat.program)) {}

    Exports find() {
        for (const arch::Kernel& kernel : design_.kernels)
            out_.owners.push_back({kernel.name, {}, {}});
        for (const arch::Port& port : design_.inputs) out_.owners.push_back({port.name, {}, {}});
        out_.reads.resize(kernels() + 1);
        out_.uses.resize(kernels() + 1);
        out_.computes.resize(kernels(), false);
        assign_owners();
        collect_uses();
        std::vector<std::set<std::size_t>> readers(flat_.program.size());
        for (std::size_t reader = 0; reader <= kernels(); ++reader) {
            for (const Tap& use : out_.uses[reader]) readers[use.value.index()].insert(reader);
        }
        std::vector<std::set<std::size_t>> reads(out_.reads.size());
        for (std::size_t i = 0; i < flat_.program.size(); ++i) {
            export_value(ValueId(i), readers[i]);
            for (const std::size_t reader : readers[i]) {
                if (is_foreign(i, reader)) reads[reader].insert(out_.owner_of[i]);
            }
        }
        for (std::size_t r = 0; r < reads.size(); ++r)
            out_.reads[r].assign(reads[r].begin(), reads[r].end());
        return std::move(out_);
    }

  private:
    [[nodiscard]] std::size_t kernels() const { return design_.kernels.size(); }

    void assign_owners() {
        const auto& inputs = flat_.program.inputs();
        out_.owner_of.assign(flat_.program.size(), kernels());
        number_.assign(flat_.program.size(), 0);
        std::size_t next = 0;
        for (std::size_t p = 0; p < design_.inputs.size(); ++p) {
            for (std::size_t e = 0; e < design_.inputs[p].elements.size(); ++e) {
                const std::size_t value = inputs[next++].index();
                out_.owner_of[value] = kernels() + p;
                number_[value] = e;
            }
        }
        GW_CHECK(next == inputs.size(), "inputs of the flat program are not the design's");
        for (std::size_t i = 0; i < flat_.program.size(); ++i) {
            if (flat_.kernel_of[i].valid()) out_.owner_of[i] = flat_.kernel_of[i].index();
        }
    }

    // The top is the reader of outputs and does not own kernels' values; input ports' owner is the
    // top.
    [[nodiscard]] bool is_foreign(std::size_t value, std::size_t reader) const {
        return out_.owner_of[value] != reader &&
               !(out_.owner_of[value] >= kernels() && reader == kernels());
    }

    void collect_uses() {
        const auto& nodes = flat_.program.nodes();
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            const bool computes = live_[i] && nodes[i].op != dfg::Op::kInput &&
                                  schedule::has_cycle(flat_.program, nodes[i]) &&
                                  !schedule::is_absorbed(schedule_.absorbed, ValueId(i));
            if (computes) out_.computes[out_.owner_of[i]] = true;
        }
        for (const schedule::BitReading& reading :
             schedule::bit_readings(flat_.program, schedule_.absorbed)) {
            const bool is_output = reading.user == schedule::kOutputUser;
            const std::size_t reader = is_output ? kernels() : out_.owner_of[reading.user];
            if (!is_output && !out_.computes[reader]) continue;
            const int cycle = is_output ? schedule_.latency_cycles : schedule_.cycle[reading.user];
            const ValueId value(reading.source);
            out_.uses[reader].insert({value, cycle, copies_.copy_for(value, cycle, reading.user)});
        }
        // A wire has its own name in the cycle of the value behind it.
        for (std::size_t i = 0; i < flat_.program.size(); ++i) {
            if (!live_[i] || schedule::has_cycle(flat_.program, nodes[i])) continue;
            if (!out_.computes[out_.owner_of[i]]) continue;
            for (const schedule::BitRun& run : traced_[i]) {
                if (run.kind == schedule::BitRun::Kind::kConstant) continue;
                out_.uses[out_.owner_of[i]].insert({ValueId(run.source), schedule_.cycle[i], 0});
            }
        }
    }

    // The taps of a value: when it leaves its owner, if it does.
    void export_value(ValueId value, const std::set<std::size_t>& readers) {
        const std::size_t i = value.index();
        const int made = schedule_.cycle[i];
        std::size_t foreign = 0;
        bool owner_delays = false;
        std::set<Tap> taps;
        for (const std::size_t reader : readers) {
            const bool is_other = is_foreign(i, reader);
            foreign += is_other ? 1 : 0;
            const auto& uses = out_.uses[reader];
            for (auto use = uses.lower_bound({value, 0, 0}); use != uses.end(); ++use) {
                if (use->value != value) break;
                if (is_other) taps.insert(*use);
                owner_delays = owner_delays || (!is_other && use->cycle > made);
            }
        }
        if (foreign == 0) return;
        if (foreign == 1 && !owner_delays) {
            std::erase_if(taps, [&](const Tap& tap) { return tap.cycle != made; });
            taps.insert({value, made, 0});
        }
        Owner& owner = out_.owners[out_.owner_of[i]];
        const bool is_input = out_.owner_of[i] >= kernels();
        const std::size_t number = is_input ? number_[i] : exported_[out_.owner_of[i]]++;
        for (const Tap& tap : taps) {
            std::string label = std::to_string(number);
            if (tap.cycle != made) label += fmt::format("_cycle{}", tap.cycle);
            if (tap.copy > 0) label += fmt::format("_copy{}", tap.copy);
            owner.taps.push_back(tap);
            owner.labels.push_back(std::move(label));
        }
    }

    const arch::Design& design_;
    const arch::FlatProgram& flat_;
    const schedule::Schedule& schedule_;
    const std::vector<bool>& live_;
    const Copies& copies_;
    const std::vector<schedule::BitRuns> traced_;
    std::vector<std::size_t> number_;  // inputs: element within the port
    std::map<std::size_t, std::size_t> exported_;
    Exports out_;
};

}  // namespace

Copies::Copies(const dfg::Program& program, const schedule::Schedule& schedule)
    : limit_(static_cast<std::size_t>(schedule.register_fanout)) {
    if (limit_ == 0) return;
    users_ = schedule::users_by_cycle(program, schedule);
    for (std::size_t i = 0; i < program.size(); ++i) {
        const bool is_input = program.nodes()[i].op == dfg::Op::kInput;
        first_cycle_.push_back(is_input ? 0 : schedule.cycle[i]);
    }
}

int Copies::copy_for(ValueId value, int cycle, std::size_t user) const {
    if (limit_ == 0 || cycle <= first_cycle_[value.index()]) return 0;
    const auto users = users_[value.index()].find(cycle);
    if (users == users_[value.index()].end()) return 0;
    const auto rank = std::lower_bound(users->second.begin(), users->second.end(), user);
    if (rank == users->second.end() || *rank != user) return 0;
    return static_cast<int>(static_cast<std::size_t>(rank - users->second.begin()) / limit_);
}

Exports find_exports(const arch::Design& design, const arch::FlatProgram& flat,
                     const schedule::Schedule& schedule, const std::vector<bool>& live,
                     const Copies& copies) {
    return Finder(design, flat, schedule, live, copies).find();
}

}  // namespace gatewright::rtl
