// SPDX-License-Identifier: Apache-2.0
#include "rtl/exports.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "support/check.h"

namespace gatewright::rtl {
namespace {

using dfg::ValueId;

// Who reads a value when. Reader `kernels` is the top, which drives the outputs.
struct Use {
    std::size_t reader;
    int cycle;
    friend auto operator<=>(const Use&, const Use&) = default;
};

class Finder {
  public:
    Finder(const arch::Design& design, const arch::FlatProgram& flat,
           const schedule::Schedule& schedule, const std::vector<bool>& live)
        : design_(design),
          flat_(flat),
          schedule_(schedule),
          live_(live),
          uses_(flat.program.size()) {}

    Exports find() {
        for (const arch::Kernel& kernel : design_.kernels)
            out_.owners.push_back({kernel.name, {}, {}});
        for (const arch::Port& port : design_.inputs) out_.owners.push_back({port.name, {}, {}});
        out_.reads.resize(design_.kernels.size() + 1);
        assign_owners();
        collect_uses();
        std::vector<std::set<std::size_t>> reads(out_.reads.size());
        for (std::size_t i = 0; i < flat_.program.size(); ++i) {
            if (!live_[i]) continue;
            export_value(ValueId(i));
            for (const Use& use : uses_[i]) {
                if (is_foreign(i, use)) reads[use.reader].insert(out_.owner_of[i]);
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
    [[nodiscard]] bool is_foreign(std::size_t value, const Use& use) const {
        return out_.owner_of[value] != use.reader &&
               !(out_.owner_of[value] >= kernels() && use.reader == kernels());
    }

    void collect_uses() {
        for (std::size_t i = 0; i < flat_.program.size(); ++i) {
            if (!live_[i] || flat_.program.nodes()[i].op == dfg::Op::kInput) continue;
            for (const ValueId arg : flat_.program.nodes()[i].operands()) {
                if (live_[arg.index()])
                    uses_[arg.index()].insert({out_.owner_of[i], schedule_.cycle[i]});
            }
        }
        for (const ValueId output : flat_.program.outputs()) {
            if (live_[output.index()])
                uses_[output.index()].insert({kernels(), schedule_.latency_cycles});
        }
    }

    void export_value(ValueId value) {
        const std::size_t i = value.index();
        std::set<std::size_t> readers;
        std::set<int> cycles;
        bool owner_delays = false;
        for (const Use& use : uses_[i]) {
            if (is_foreign(i, use)) {
                readers.insert(use.reader);
                cycles.insert(use.cycle);
            } else {
                owner_delays = owner_delays || use.cycle > schedule_.cycle[i];
            }
        }
        if (readers.empty()) return;
        if (readers.size() == 1 && !owner_delays) cycles = {schedule_.cycle[i]};
        Owner& owner = out_.owners[out_.owner_of[i]];
        const bool is_input = out_.owner_of[i] >= kernels();
        const std::size_t number = is_input ? number_[i] : exported_[out_.owner_of[i]]++;
        for (const int cycle : cycles) {
            owner.taps.push_back({value, cycle});
            const bool is_delayed = cycle != schedule_.cycle[i];
            owner.labels.push_back(is_delayed ? fmt::format("{}_cycle{}", number, cycle)
                                              : fmt::format("{}", number));
        }
    }

    const arch::Design& design_;
    const arch::FlatProgram& flat_;
    const schedule::Schedule& schedule_;
    const std::vector<bool>& live_;
    std::vector<std::set<Use>> uses_;
    std::vector<std::size_t> number_;  // inputs: element within the port
    std::map<std::size_t, std::size_t> exported_;
    Exports out_;
};

}  // namespace

Exports find_exports(const arch::Design& design, const arch::FlatProgram& flat,
                     const schedule::Schedule& schedule, const std::vector<bool>& live) {
    return Finder(design, flat, schedule, live).find();
}

}  // namespace gatewright::rtl
