// SPDX-License-Identifier: Apache-2.0
//
// FIFO depths from static rates. A source that offers an event every initiation interval (the
// slowest stage's cycles per event) never meets a full FIFO if FIFOs are as deep as they ever get
// under it; depths like that keep the interval and the latency, because a word that comes earlier
// never makes another one come later. From there each FIFO is made as shallow as it can be, wide
// ones first.
#include <algorithm>
#include <numeric>

#include "schedule/stage_flow.h"
#include "schedule/stages.h"

namespace gatewright::schedule {
namespace {

constexpr std::int64_t kPortDepth = 2;  // of a design input: registers that break the ready path

// What depths must not make worse.
struct Pace {
    std::int64_t interval = 0;
    std::int64_t first = 0;
    std::int64_t last = 0;
    friend bool operator==(const Pace&, const Pace&) = default;
};

class DepthSearch {
  public:
    DepthSearch(const arch::StagedDesign& design, const std::vector<int>& latency)
        : design_(design), latency_(latency), places_(fifo_places(design)) {
        for (const arch::Stage& stage : design.stages) {
            stage_cycles_.push_back(stage_cycles(design, stage));
        }
        for (const arch::Stream& stream : design.streams) {
            if (!stream.producer.valid()) {
                bound_ = std::max(bound_, static_cast<std::int64_t>(stream.words));
            }
        }
        for (const std::int64_t cycles : stage_cycles_) bound_ = std::max(bound_, cycles);
        for (const arch::StreamId result : design.results) {
            bound_ = std::max(bound_, static_cast<std::int64_t>(design[result].words));
        }
    }

    Result<Rates> run() {
        const std::vector<std::int64_t> unbounded(places_.size(), kUnbounded);
        GW_TRY(const Flow alone, flow(unbounded, 1, 0));
        // As many events as may be in the design at once, and some to be sure of a steady state.
        events_ = 4 + static_cast<std::size_t>((alone.events[0].last) / bound_);
        GW_TRY(const Flow paced, flow(unbounded, events_, bound_));
        std::vector<std::int64_t> depths = paced.peaks;
        for (std::size_t i = 0; i < depths.size(); ++i) depths[i] = std::max(depths[i], least(i));
        target_ = {bound_, alone.events[0].first - alone.events[0].accepted,
                   alone.events[0].last - alone.events[0].accepted};
        GW_TRY(Pace reached, pace(depths));
        if (reached != target_) {
            // Never seen: the interval that is reached is what is promised.
            target_ = reached;
        }
        shrink(depths);
        return result(depths);
    }

  private:
    [[nodiscard]] Result<Flow> flow(const std::vector<std::int64_t>& depths, std::size_t events,
                                    std::int64_t period) const {
        return run_flow(design_, {latency_, depths, events, period});
    }

    Result<Pace> pace(const std::vector<std::int64_t>& depths) const {
        GW_TRY(const Flow alone, flow(depths, 1, 0));
        // In the middle of the stream: the last events leave faster, nothing follows them.
        GW_TRY(const Flow packed, flow(depths, 3 * events_, 0));
        const auto& a = packed.events[events_ - 1];
        const auto& b = packed.events[2 * events_ - 1];
        const auto between = static_cast<std::int64_t>(events_);
        return Pace{(b.last - a.last + between - 1) / between,
                    alone.events[0].first - alone.events[0].accepted,
                    alone.events[0].last - alone.events[0].accepted};
    }

    [[nodiscard]] bool keeps_pace(const std::vector<std::int64_t>& depths) const {
        const auto reached = pace(depths);
        return reached && *reached == target_;
    }

    [[nodiscard]] std::int64_t least(std::size_t place) const {
        return design_[places_[place].stream].producer.valid() ? 1 : kPortDepth;
    }

    void shrink(std::vector<std::int64_t>& depths) const {
        std::vector<std::size_t> order(places_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return design_[places_[a].stream].width() > design_[places_[b].stream].width();
        });
        for (const std::size_t place : order) {
            std::int64_t low = least(place);
            while (low < depths[place]) {
                const std::int64_t middle = low + (depths[place] - low) / 2;
                std::vector<std::int64_t> trial = depths;
                trial[place] = middle;
                if (keeps_pace(trial)) {
                    depths = std::move(trial);
                } else {
                    low = middle + 1;
                }
            }
        }
    }

    Result<Rates> result(const std::vector<std::int64_t>& depths) const {
        GW_TRY(const Flow packed, flow(depths, 2 * events_, 0));
        Rates rates;
        for (std::size_t i = 0; i < places_.size(); ++i) {
            rates.fifos.push_back(
                {places_[i].stream, places_[i].reader, depths[i], packed.peaks[i]});
        }
        rates.initiation_interval = target_.interval;
        rates.first_word_cycles = target_.first;
        rates.last_word_cycles = target_.last;
        rates.stage_cycles = stage_cycles_;
        return rates;
    }

    const arch::StagedDesign& design_;
    const std::vector<int>& latency_;
    std::vector<FifoPlace> places_;
    std::vector<std::int64_t> stage_cycles_;
    std::int64_t bound_ = 1;  // no design takes events faster
    std::size_t events_ = 1;
    Pace target_;
};

}  // namespace

Result<Rates> compute_rates(const arch::StagedDesign& design, const std::vector<int>& latency) {
    return DepthSearch(design, latency).run();
}

}  // namespace gatewright::schedule
