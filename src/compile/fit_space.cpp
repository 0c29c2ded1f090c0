// SPDX-License-Identifier: Apache-2.0
#include "compile/fit_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "compile/stages.h"
#include "report/stage_resources.h"
#include "rtl/stages/storage.h"

namespace gatewright::compile {
namespace {

using arch::Compute;
using arch::LayerMapping;
using arch::MappingParams;
using arch::Multipliers;

const arch::LinearHead* head_of(const arch::Stage& stage) {
    const auto* work = std::get_if<Compute>(&stage.work);
    if (work == nullptr || !work->parts.front().head) return nullptr;
    return &*work->parts.front().head;
}

// The most folded mapping. Multipliers in DSP blocks mark the stages that follow the mapping: a
// global sum has a head, too, but nothing to choose.
MappingParams most_folded(const Options& options) {
    constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max() / 4;
    MappingParams mapping = options.mapping;
    mapping.reuse = kLargest;
    mapping.rounding = arch::ReuseRounding::kNearest;
    mapping.multipliers = Multipliers::kDsp;
    for (auto& [name, own] : mapping.layers) own.multipliers = Multipliers::kDsp;
    return mapping;
}

bool is_loadable(const Options& options, const std::string& origin) {
    const auto own = options.mapping.layers.find(origin);
    const bool has_own = own != options.mapping.layers.end() && own->second.weights;
    return (has_own ? *own->second.weights : options.mapping.weights) ==
           arch::WeightStore::kLoadable;
}

FitCost cost_of(const arch::Stage& stage, const schedule::StagePipelines& pipelines) {
    const report::StageResources own = report::stage_resources(stage, pipelines);
    FitCost cost{static_cast<double>(own.logic.estimate.lut), own.logic.estimate.dsp, 0};
    if (own.weight_bits == 0) return cost;
    const bool is_rom = std::get<Compute>(stage.work).folding.store == arch::WeightStore::kConstant;
    const int width = pipelines.folded->weight_word_width();
    const std::int64_t depth = own.weight_bits / width;
    const auto style = is_rom ? rtl::rom_style(depth, width) : rtl::ram_style(depth, width);
    if (style == rtl::Memory::Style::kBlock) {
        cost.block_bits = own.weight_bits;
    } else {
        cost.lut += report::memory_luts(own.weight_bits);
    }
    return cost;
}

class SpaceBuilder {
  public:
    SpaceBuilder(const Imported& imported, const Options& options)
        : imported_(imported), options_(options) {}

    Result<FitSpace> build() {
        GW_TRY(const schedule::Device device, schedule::find_device(options_.part));
        device_ = device;
        GW_TRY(const CompiledStages folded, plan(most_folded(options_)));
        space_.skeleton = folded.plan;
        find_layers();
        for (const FitLayer& layer : space_.layers) {
            if (!layer.choices.empty()) continue;
            return fail(fmt::format(
                "--fit: layer '{}' has no reuse factor to choose from: the one given for it must "
                "divide its products, and leave at most {} of them per cycle",
                layer.origin, kMostProducts));
        }
        for (const double mhz : fit_clocks(options_, device)) {
            GW_TRY_STATUS(add_clock(folded.plan, mhz));
        }
        std::size_t most = 0;
        for (const FitLayer& layer : space_.layers) most = std::max(most, layer.choices.size());
        for (std::size_t choice = 0; choice < most; ++choice) GW_TRY_STATUS(sweep(choice));
        return std::move(space_);
    }

  private:
    Result<CompiledStages> plan(const MappingParams& mapping) const {
        CompiledStages out;
        static_cast<Imported&>(out) = imported_;
        out.options = options_;
        out.options.mapping = mapping;
        GW_TRY_STATUS(plan_parts(out));
        return out;
    }

    [[nodiscard]] Result<schedule::StagePipelines> pipelines(const arch::StagedDesign& design,
                                                             const arch::Stage& stage,
                                                             double mhz) const {
        schedule::ScheduleParams params = schedule_params(options_);
        params.clock_mhz = mhz;
        return schedule::schedule_stage(design, stage, device_, params);
    }

    static bool meets(const schedule::StagePipelines& stage, double mhz) {
        constexpr double kRounding = 1 - 1e-9;
        for (const auto* pipeline : {&stage.words, &stage.step}) {
            if (*pipeline && (*pipeline)->schedule.clock_mhz < mhz * kRounding) return false;
        }
        return true;
    }

    void find_layers() {
        for (std::size_t s = 0; s < space_.skeleton.stages.size(); ++s) {
            const arch::Stage& stage = space_.skeleton.stages[s];
            const auto* work = std::get_if<Compute>(&stage.work);
            if (work == nullptr || head_of(stage) == nullptr ||
                work->folding.multipliers != Multipliers::kDsp) {
                continue;
            }
            const std::string& origin = imported_.typed.graph()[stage.layers.front()].origin;
            const auto known =
                std::find_if(space_.layers.begin(), space_.layers.end(),
                             [&](const FitLayer& layer) { return layer.origin == origin; });
            if (known != space_.layers.end()) {
                known->stages.push_back(s);
            } else {
                space_.layers.push_back({origin, {s}, {}});
            }
        }
        for (FitLayer& layer : space_.layers) layer.choices = choices_of(layer);
    }

    // Reuse factors that all of a layer's matrices allow.
    std::vector<FoldChoice> choices_of(const FitLayer& layer) {
        const bool loadable = is_loadable(options_, layer.origin);
        const LayerMapping own = own_mapping(layer.origin);
        std::vector<FoldChoice> out;
        for (const std::int64_t reuse : legal_factors(layer)) {
            if (own.reuse && *own.reuse != reuse) continue;
            if (reuse == 1 && !loadable) {
                out.push_back({1, std::nullopt});
                continue;
            }
            for (const Multipliers kind : {Multipliers::kLogic, Multipliers::kDsp}) {
                const bool asked_dsp = options_.mapping.multipliers == Multipliers::kDsp;
                if (own.multipliers ? *own.multipliers != kind
                                    : asked_dsp && kind == Multipliers::kLogic) {
                    continue;
                }
                out.push_back({reuse, kind});
            }
        }
        return out;
    }

    [[nodiscard]] LayerMapping own_mapping(const std::string& origin) const {
        const auto own = options_.mapping.layers.find(origin);
        return own == options_.mapping.layers.end() ? LayerMapping{} : own->second;
    }

    std::vector<std::int64_t> legal_factors(const FitLayer& layer) {
        const bool loadable = is_loadable(options_, layer.origin);
        std::vector<std::int64_t> products;
        for (const std::size_t s : layer.stages) {
            const arch::LinearHead& head = *head_of(space_.skeleton.stages[s]);
            products.push_back(static_cast<std::int64_t>(head.inputs * head.outputs));
        }
        const std::int64_t least = *std::min_element(products.begin(), products.end());
        const std::int64_t most = *std::max_element(products.begin(), products.end());
        std::vector<std::int64_t> out;
        for (std::int64_t reuse = 1; reuse <= least; ++reuse) {
            const auto divides = [&](std::int64_t count) { return count % reuse == 0; };
            if (!std::all_of(products.begin(), products.end(), divides)) continue;
            const std::int64_t limit = reuse == 1 && !loadable ? kMostUnrolled : kMostProducts;
            if (most / reuse <= limit) {
                out.push_back(reuse);
            } else {
                ++space_.left_out;
            }
        }
        return out;
    }

    // Stages without choice, from the most folded plan. A clock that one of them misses is left
    // out.
    Status add_clock(const arch::StagedDesign& folded, double mhz) {
        std::set<std::size_t> chosen;
        for (const FitLayer& layer : space_.layers) {
            chosen.insert(layer.stages.begin(), layer.stages.end());
        }
        FitClock clock{mhz, {}, {}, {}};
        for (std::size_t s = 0; s < folded.stages.size(); ++s) {
            clock.latency.push_back(1);  // of a chosen stage: not yet known
            if (chosen.contains(s)) continue;
            GW_TRY(const schedule::StagePipelines stage, pipelines(folded, folded.stages[s], mhz));
            if (!meets(stage, mhz)) return {};
            clock.latency.back() = stage.latency;
            clock.fixed += cost_of(folded.stages[s], stage);
        }
        for (const FitLayer& layer : space_.layers) {
            clock.costs.emplace_back(layer.choices.size());
        }
        space_.clocks.push_back(std::move(clock));
        return {};
    }

    // All layers at their choice of this number, or their last. An unrolled layer may join the
    // stage before it, so each is unrolled alone.
    Status sweep(std::size_t choice) {
        std::vector<std::size_t> choices;
        for (const FitLayer& layer : space_.layers) choices.push_back(layer.choices.size() - 1);
        const std::vector<std::size_t> folded = choices;
        std::vector<std::size_t> together;
        for (std::size_t l = 0; l < space_.layers.size(); ++l) {
            if (choice >= space_.layers[l].choices.size()) continue;
            if (!space_.layers[l].choices[choice].multipliers) {
                std::vector<std::size_t> alone = folded;
                alone[l] = choice;
                GW_TRY_STATUS(add_costs(alone, {l}));
            } else {
                choices[l] = choice;
                together.push_back(l);
            }
        }
        return together.empty() ? Status() : add_costs(choices, together);
    }

    Status add_costs(const std::vector<std::size_t>& choices,
                     const std::vector<std::size_t>& layers) {
        GW_TRY(const CompiledStages planned, plan(chosen_mapping(space_, options_, choices)));
        GW_TRY(const CompiledStages others, plan(without(choices, layers)));
        for (FitClock& clock : space_.clocks) {
            for (const std::size_t l : layers) {
                GW_TRY(clock.costs[l][choices[l]],
                       choice_cost(space_.layers[l], planned.plan, others.plan, clock.mhz));
            }
        }
        return {};
    }

    // The same, but these layers at their last choice.
    [[nodiscard]] MappingParams without(std::vector<std::size_t> choices,
                                        const std::vector<std::size_t>& layers) const {
        for (const std::size_t l : layers) choices[l] = space_.layers[l].choices.size() - 1;
        return chosen_mapping(space_, options_, choices);
    }

    static const arch::Stage* stage_with(const arch::StagedDesign& plan, LayerId id) {
        for (const arch::Stage& stage : plan.stages) {
            const auto& layers = stage.layers;
            if (std::find(layers.begin(), layers.end(), id) != layers.end()) return &stage;
        }
        return nullptr;
    }

    // Of a layer that joins another one's stage: what it adds there (`others`: without it).
    [[nodiscard]] Result<std::optional<ChoiceCost>> choice_cost(const FitLayer& layer,
                                                                const arch::StagedDesign& plan,
                                                                const arch::StagedDesign& others,
                                                                double mhz) const {
        constexpr int kNoHop = -1;  // a word leaves in the cycle in which it came
        ChoiceCost out;
        for (const std::size_t s : layer.stages) {
            const LayerId id = space_.skeleton.stages[s].layers.front();
            StagePace& pace = out.pace.emplace_back();
            const arch::Stage* stage = stage_with(plan, id);
            if (stage == nullptr) continue;
            GW_TRY(const auto scheduled, pipelines(plan, *stage, mhz));
            const bool is_own = stage->layers.front() == id;
            schedule::StagePipelines own = scheduled;
            if (!is_own) own.step.reset();  // the host's
            if (!meets(own, mhz)) return std::optional<ChoiceCost>();
            out.cost += cost_of(*stage, scheduled);
            pace.latency = scheduled.latency;
            if (is_own && head_of(*stage) != nullptr) {
                pace.folding = std::get<Compute>(stage->work).folding;
            }
            const arch::Stage* host = is_own ? nullptr : stage_with(others, stage->layers.front());
            if (host == nullptr) continue;
            GW_TRY(const auto alone, pipelines(others, *host, mhz));
            const FitCost hosted = cost_of(*host, alone);
            out.cost += {-hosted.lut, -hosted.dsp, -hosted.block_bits};
            // Two pipelines in one may need a cycle less than one after the other.
            pace.latency = std::max(kNoHop, kNoHop + scheduled.latency - alone.latency - 1);
        }
        return std::optional(std::move(out));
    }

    const Imported& imported_;
    const Options& options_;
    schedule::Device device_;
    FitSpace space_;
};

}  // namespace

std::vector<double> fit_clocks(const Options& options, const schedule::Device& device) {
    if (options.clock_mhz) return {*options.clock_mhz};
    constexpr double kStep = 40;
    constexpr double kMost = 480;
    std::vector<double> out;
    for (double mhz = kStep; mhz <= std::min(kMost, device.max_clock_mhz); mhz += kStep) {
        out.push_back(mhz);
    }
    return out;
}

MappingParams chosen_mapping(const FitSpace& space, const Options& options,
                             const std::vector<std::size_t>& choices) {
    MappingParams mapping = options.mapping;
    mapping.reuse = 1;
    for (std::size_t l = 0; l < space.layers.size(); ++l) {
        const FoldChoice& choice = space.layers[l].choices[choices[l]];
        LayerMapping& own = mapping.layers[space.layers[l].origin];
        own.reuse = choice.reuse;
        if (choice.multipliers) own.multipliers = choice.multipliers;
    }
    return mapping;
}

Result<FitSpace> fit_space(const Imported& imported, const Options& options) {
    return SpaceBuilder(imported, options).build();
}

}  // namespace gatewright::compile
