// SPDX-License-Identifier: Apache-2.0
#include "rtl/stages/simulate.h"

#include <fmt/format.h>

#include "support/check.h"
#include "support/rng.h"

namespace gatewright::rtl {

using fixed::Integer;

namespace {

std::vector<Integer> words_of(std::span<const Integer> codes, const StreamPort& port) {
    std::vector<Integer> words;
    for (std::size_t w = 0; w < port.words; ++w) {
        Integer word = 0;
        int position = 0;
        for (std::size_t c = 0; c < port.formats.size(); ++c) {
            const int width = port.formats[c].width;
            word += codes[w * port.formats.size() + c].low_bits(width) << position;
            position += width;
        }
        words.push_back(std::move(word));
    }
    return words;
}

std::size_t first_element(const std::vector<arch::Port>& ports, std::size_t port) {
    std::size_t first = 0;
    for (std::size_t p = 0; p < port; ++p) first += ports[p].elements.size();
    return first;
}

class Driver {
  public:
    Driver(const arch::StagedDesign& design, const StagedNetlist& staged,
           std::span<const std::vector<Integer>> events, const Traffic& traffic)
        : staged_(staged),
          traffic_(traffic),
          simulator_(staged.netlist),
          rng_(traffic.seed),
          events_(events.size()) {
        for (std::size_t p = 0; p < staged.inputs.size(); ++p) {
            std::vector<Integer> words;
            for (const std::vector<Integer>& event : events) {
                for (Integer& word : input_words(design, staged, p, event)) {
                    words.push_back(std::move(word));
                }
            }
            words_.push_back(std::move(words));
        }
        run_.accepted.resize(staged.inputs.size());
        run_.offered.resize(staged.outputs.size());
        run_.taken.resize(staged.outputs.size());
        results_.resize(staged.outputs.size());
        held_.resize(staged.inputs.size(), false);
    }

    Result<StagedRun> run() {
        simulator_.set("rst", 1);
        if (staged_.is_loadable()) simulator_.set("reg_select", 0);
        simulator_.settle();
        simulator_.clock();
        simulator_.set("rst", 0);
        std::int64_t quiet = 0;
        // A while longer than the last word, to see words that should not be.
        std::int64_t rest = 64;
        for (cycle_ = 0; rest > 0; ++cycle_) {
            GW_TRY(const bool moved, one_cycle());
            quiet = moved ? 0 : quiet + 1;
            if (is_done()) {
                --rest;
            } else if (quiet > traffic_.patience) {
                return fail(fmt::format("the words stop moving after {} cycles", cycle_ - quiet));
            }
        }
        if (!simulator_.get("frame_error").is_zero()) return fail("frame_error is set");
        run_.cycles = cycle_;
        collect();
        return std::move(run_);
    }

  private:
    // A word once offered stays offered until it is taken.
    Result<bool> one_cycle() {
        bool moved = false;
        for (std::size_t p = 0; p < words_.size(); ++p) {
            const StreamPort& port = staged_.inputs[p];
            const std::size_t next = run_.accepted[p].size();
            held_[p] = next < words_[p].size() && (held_[p] || rng_.unit() < traffic_.source);
            simulator_.set(port.name + "_valid", held_[p] ? 1 : 0);
            simulator_.set(port.name, held_[p] ? words_[p][next] : Integer(0));
            simulator_.set(port.name + "_last", held_[p] && next % port.words == port.words - 1);
        }
        std::vector<bool> ready;
        for (const StreamPort& port : staged_.outputs) {
            ready.push_back(rng_.unit() < traffic_.sink);
            simulator_.set(port.name + "_ready", ready.back() ? 1 : 0);
        }
        if (traffic_.every_cycle) traffic_.every_cycle(simulator_, cycle_);
        simulator_.settle();
        for (std::size_t p = 0; p < words_.size(); ++p) {
            if (!held_[p] || !is_high(staged_.inputs[p].name + "_ready")) continue;
            run_.accepted[p].push_back(cycle_);
            held_[p] = false;
            moved = true;
        }
        for (std::size_t p = 0; p < results_.size(); ++p) {
            GW_TRY(const bool taken, look_at(p, ready[p]));
            moved = moved || taken;
        }
        simulator_.clock();
        return moved;
    }

    Result<bool> look_at(std::size_t p, bool is_ready) {
        const StreamPort& port = staged_.outputs[p];
        if (!is_high(port.name + "_valid")) return false;
        const std::size_t next = results_[p].size();
        if (next == events_ * port.words) return fail("a word too many at " + port.name);
        const bool is_last = next % port.words == port.words - 1;
        if (is_high(port.name + "_last") != is_last) {
            return fail(fmt::format("{}_last is wrong at word {}", port.name, next));
        }
        if (run_.offered[p].size() == next) run_.offered[p].push_back(cycle_);
        if (!is_ready) return false;
        run_.taken[p].push_back(cycle_);
        results_[p].push_back(simulator_.get(port.name));
        return true;
    }

    [[nodiscard]] bool is_high(const std::string& port) const {
        return !simulator_.get(port).is_zero();
    }

    [[nodiscard]] bool is_done() const {
        for (std::size_t p = 0; p < results_.size(); ++p) {
            if (results_[p].size() < events_ * staged_.outputs[p].words) return false;
        }
        return true;
    }

    void collect() {
        run_.outputs.resize(events_);
        for (std::size_t e = 0; e < events_; ++e) {
            for (std::size_t p = 0; p < results_.size(); ++p) {
                const StreamPort& port = staged_.outputs[p];
                for (std::size_t w = 0; w < port.words; ++w) {
                    const Integer& word = results_[p][e * port.words + w];
                    int position = 0;
                    for (const fixed::Format& format : port.formats) {
                        run_.outputs[e].push_back(format.wrap(word >> position));
                        position += format.width;
                    }
                }
            }
        }
    }

    const StagedNetlist& staged_;
    const Traffic& traffic_;
    Simulator simulator_;
    Rng rng_;
    std::size_t events_;
    std::vector<std::vector<Integer>> words_;    // per input port, of all events
    std::vector<std::vector<Integer>> results_;  // per output port
    std::vector<bool> held_;
    StagedRun run_;
    std::int64_t cycle_ = 0;
};

}  // namespace

std::vector<Integer> input_words(const arch::StagedDesign& design, const StagedNetlist& staged,
                                 std::size_t port, std::span<const Integer> event) {
    const StreamPort& stream = staged.inputs[port];
    const std::size_t first = first_element(design.inputs, port);
    const auto codes = event.subspan(first, design.inputs[port].elements.size());
    return words_of(arch::stream_codes(design, port, codes, design[stream.stream]), stream);
}

std::vector<Integer> output_words(const arch::StagedDesign& design, const StagedNetlist& staged,
                                  std::size_t port, std::span<const Integer> result) {
    const std::size_t first = first_element(design.outputs, port);
    return words_of(result.subspan(first, design.outputs[port].elements.size()),
                    staged.outputs[port]);
}

Result<StagedRun> simulate_staged(const arch::StagedDesign& design, const StagedNetlist& staged,
                                  std::span<const std::vector<Integer>> events,
                                  const Traffic& traffic) {
    return Driver(design, staged, events, traffic).run();
}

}  // namespace gatewright::rtl
