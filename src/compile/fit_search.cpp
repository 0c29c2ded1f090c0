// SPDX-License-Identifier: Apache-2.0
#include "compile/fit_search.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <tuple>

#include "compile/stages.h"
#include "report/resources.h"
#include "report/stage_resources.h"
#include "schedule/stage_flow.h"

namespace gatewright::compile {
namespace {

// Effort in steps, so that the answer is the same on every machine.
constexpr std::int64_t kMostSteps = 4000;
constexpr std::int64_t kMoreSteps = 1000;  // depth first, once those are spent
constexpr std::int64_t kMostBuilt = 48;    // per search

// Stages alone underestimate a design: it needs at most this share less than the least seen.
constexpr double kOptimism = 0.95;

FitPoint unrolled_point(const Compiled& compiled, const schedule::Schedule& schedule) {
    const auto registers =
        schedule::register_bits_by_kernel(compiled.flat, compiled.design.kernels.size(), schedule);
    const report::Estimate cost =
        report::count_resources(compiled.design, compiled.flat, schedule, registers).total.estimate;
    return {cost.lut,
            cost.dsp,
            cost.bram,
            schedule.latency_cycles,
            schedule.initiation_interval,
            schedule.clock_mhz};
}

Result<FitPoint> staged_point(const Imported& imported, const Options& options) {
    CompiledStages compiled;
    static_cast<Imported&>(compiled) = imported;
    compiled.options = options;
    Progress quiet([](std::string_view) {});
    GW_TRY_STATUS(plan_hardware(compiled, quiet));
    const report::Estimate cost =
        report::count_stages(compiled.plan, compiled.schedule, compiled.hardware).total.estimate;
    const schedule::Rates& rates = compiled.schedule.rates;
    return FitPoint{cost.lut,
                    cost.dsp,
                    cost.bram,
                    rates.last_word_cycles,
                    rates.initiation_interval,
                    compiled.schedule.clock_mhz};
}

std::size_t weight_count(const model::TypedGraph& typed) {
    std::size_t count = 0;
    for (std::size_t n = 0; n < typed.graph().size(); ++n) {
        const LayerId id(n);
        count +=
            static_cast<std::size_t>(typed.graph()[id].layer->facts(typed.input_types(id)).weights);
    }
    return count;
}

bool is_within(double value, const std::optional<std::int64_t>& bound) {
    return !bound || value <= static_cast<double>(*bound);
}

// Whether a is no better than b in anything.
bool is_dominated(const ChoiceCost& a, const ChoiceCost& b) {
    if (b.cost.lut > a.cost.lut || b.cost.dsp > a.cost.dsp ||
        b.cost.block_bits > a.cost.block_bits) {
        return false;
    }
    for (std::size_t i = 0; i < a.pace.size(); ++i) {
        if (b.pace[i].latency > a.pace[i].latency ||
            b.pace[i].folding.reuse() > a.pace[i].folding.reuse() ||
            b.pace[i].folding.order != a.pace[i].folding.order) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool fits(const FitPoint& point, const FitBudget& budget) {
    constexpr double kRounding = 1 + 1e-12;
    if (budget.latency) {
        const bool in_time = budget.latency->nanoseconds > 0;
        if (in_time && point.latency_ns() > budget.latency->nanoseconds * kRounding) return false;
        if (!in_time && point.latency_cycles > budget.latency->cycles) return false;
    }
    return is_within(static_cast<double>(point.lut), budget.lut) &&
           is_within(static_cast<double>(point.dsp), budget.dsp) &&
           is_within(static_cast<double>(point.bram), budget.bram) &&
           is_within(static_cast<double>(point.ii), budget.ii);
}

double value_of(const FitPoint& point, FitObjective objective) {
    switch (objective) {
        case FitObjective::kLatency:
            return point.latency_ns();
        case FitObjective::kCycles:
            return static_cast<double>(point.latency_cycles);
        case FitObjective::kInterval:
            return static_cast<double>(point.ii);
        case FitObjective::kLut:
            return static_cast<double>(point.lut);
        case FitObjective::kDsp:
            return static_cast<double>(point.dsp);
        case FitObjective::kBram:
            return static_cast<double>(point.bram);
    }
    return 0;
}

Result<FitPoint> measure(const Imported& imported, const Options& options) {
    if (arch::needs_stages(options.mapping)) return staged_point(imported, options);
    Compiled compiled;
    static_cast<Imported&>(compiled) = imported;
    compiled.options = options;
    Progress quiet([](std::string_view) {});
    GW_TRY_STATUS(build_hardware(compiled, quiet));
    return unrolled_point(compiled, compiled.schedule);
}

Result<FitSearch> FitSearch::make(const Imported& imported, const Options& options) {
    FitSearch search(imported, options);
    GW_TRY_STATUS(search.prepare());
    return search;
}

Status FitSearch::prepare() {
    GW_TRY(const schedule::Device device, schedule::find_device(options_.part));
    if (!arch::needs_stages(options_.mapping)) GW_TRY_STATUS(add_unrolled(device));
    GW_TRY(space_, fit_space(*imported_, options_));
    skeleton_ = space_.skeleton;
    drop_dominated();
    if (space_.clocks.empty() && unrolled_.empty()) {
        return fail(
            "--fit: an operation is slower than the clock in every mapping; ask for a "
            "slower --clock, or leave it out");
    }
    // Nothing shared, at every clock: what the layers that join one stage save shows only here.
    // And the most folded design says what is around the stages.
    for (std::size_t c = 0; c < space_.clocks.size(); ++c) {
        build_corner(c, [](const auto& kept) { return kept.front(); });
    }
    for (std::size_t c = 0; c < space_.clocks.size(); ++c) {
        if (build_corner(c, [](const auto& kept) { return kept.back(); })) break;
    }
    return {};
}

// A design that says how estimates and stages differ.
template <class Pick>
bool FitSearch::build_corner(std::size_t clock, Pick pick) {
    std::vector<std::size_t> choices;
    for (const auto& kept : kept_[clock]) {
        if (kept.empty()) return false;
        choices.push_back(pick(kept));
    }
    const auto node = bounded(clock, std::move(choices));
    return node && !is_unrolled(*node) && built(*node);
}

// One function, at every clock that it meets.
Status FitSearch::add_unrolled(const schedule::Device& device) {
    if (weight_count(imported_->typed) > static_cast<std::size_t>(kMostUnrolled)) {
        ++unrolled_left_out_;
        return {};
    }
    Compiled compiled;
    static_cast<Imported&>(compiled) = *imported_;
    compiled.options = options_;
    Progress quiet([](std::string_view) {});
    GW_TRY_STATUS(build_hardware(compiled, quiet));
    constexpr double kRounding = 1 - 1e-9;
    for (const double mhz : fit_clocks(options_, device)) {
        schedule::ScheduleParams params = schedule_params(options_);
        params.clock_mhz = mhz;
        GW_TRY(const schedule::Schedule schedule,
               schedule::schedule(compiled.flat, compiled.device, params));
        if (schedule.clock_mhz < mhz * kRounding) continue;
        unrolled_.push_back({options_.mapping, mhz, unrolled_point(compiled, schedule)});
        ++measured_;
    }
    return {};
}

void FitSearch::drop_dominated() {
    for (const FitClock& clock : space_.clocks) {
        auto& layers = kept_.emplace_back();
        for (const auto& costs : clock.costs) {
            auto& kept = layers.emplace_back();
            for (std::size_t a = 0; a < costs.size(); ++a) {
                bool worthwhile = costs[a].has_value();
                for (std::size_t b = 0; b < costs.size() && worthwhile; ++b) {
                    if (a == b || !costs[b] || !is_dominated(*costs[a], *costs[b])) continue;
                    worthwhile = b > a && is_dominated(*costs[b], *costs[a]);  // equals: the first
                }
                if (worthwhile) kept.push_back(a);
            }
        }
    }
}

double FitSearch::combinations() const {
    double count = 0;
    for (std::size_t c = 0; c < space_.clocks.size(); ++c) {
        double product = 1;
        for (const FitLayer& layer : space_.layers) {
            product *= static_cast<double>(layer.choices.size());
        }
        count += product;
    }
    return count + static_cast<double>(unrolled_.size());
}

// The cost and pace of chosen layers, and the least of the open ones; nothing if the stages cannot
// meet the clock or words stop.
std::optional<FitSearch::Node> FitSearch::bounded(std::size_t c, std::vector<std::size_t> choices) {
    const FitClock& clock = space_.clocks[c];
    Node node{c, std::move(choices), clock.fixed, 0, 0, 0, 0};
    std::vector<int> latency = clock.latency;
    for (std::size_t l = 0; l < space_.layers.size(); ++l) {
        std::vector<std::size_t> open = kept_[c][l];
        if (l < node.choices.size()) open = {node.choices[l]};
        if (open.empty()) return std::nullopt;
        ChoiceCost least = *clock.costs[l][open.front()];
        for (const std::size_t choice : open) {
            const ChoiceCost& cost = *clock.costs[l][choice];
            least.cost.lut = std::min(least.cost.lut, cost.cost.lut);
            least.cost.dsp = std::min(least.cost.dsp, cost.cost.dsp);
            least.cost.block_bits = std::min(least.cost.block_bits, cost.cost.block_bits);
            for (std::size_t i = 0; i < cost.pace.size(); ++i) {
                StagePace& pace = least.pace[i];
                pace.latency = std::min(pace.latency, cost.pace[i].latency);
                if (cost.pace[i].folding.reuse() < pace.folding.reuse()) {
                    pace.folding = cost.pace[i].folding;
                }
            }
        }
        node.cost += least.cost;
        for (std::size_t i = 0; i < least.pace.size(); ++i) {
            const std::size_t s = space_.layers[l].stages[i];
            latency[s] = least.pace[i].latency;
            std::get<arch::Compute>(skeleton_.stages[s].work).folding = least.pace[i].folding;
        }
    }
    for (const arch::Stage& stage : skeleton_.stages) {
        node.ii = std::max(node.ii, schedule::stage_cycles(skeleton_, stage));
    }
    for (const arch::Stream& stream : skeleton_.streams) {
        if (!stream.producer.valid()) {
            node.ii = std::max(node.ii, static_cast<std::int64_t>(stream.words));
        }
    }
    const std::size_t places = schedule::fifo_places(skeleton_).size();
    const auto flow = schedule::run_flow(
        skeleton_, {latency, std::vector<std::int64_t>(places, schedule::kUnbounded), 1, 0});
    if (!flow) return std::nullopt;
    node.cycles = flow->events[0].last - flow->events[0].accepted;
    return node;
}

FitPoint FitSearch::point_of(const Node& node) const {
    const double lut = kOptimism * (node.cost.lut + surroundings_);
    return {static_cast<std::int64_t>(lut),
            node.cost.dsp,
            report::block_rams(node.cost.block_bits),
            node.cycles,
            node.ii,
            space_.clocks[node.clock].mhz};
}

// Everything unrolled with whole events as words is one function, no design of stages.
bool FitSearch::is_unrolled(const Node& node) const {
    return node.choices.size() == space_.layers.size() &&
           !arch::needs_stages(chosen_mapping(space_, options_, node.choices));
}

std::optional<FitCandidate> FitSearch::built(const Node& node) {
    const auto key = std::pair(node.clock, node.choices);
    if (const auto known = built_.find(key); known != built_.end()) return known->second;
    Options options = options_;
    options.mapping = chosen_mapping(space_, options_, node.choices);
    options.clock_mhz = space_.clocks[node.clock].mhz;
    ++measured_;
    const auto point = measure(*imported_, options);
    if (!point) return std::nullopt;
    FitCandidate candidate{options.mapping, *options.clock_mhz, *point};
    surroundings_ = std::min(surroundings_, static_cast<double>(point->lut) - node.cost.lut);
    built_.emplace(key, candidate);
    return candidate;
}

struct FitSearch::Run {
    FitObjective objective;
    const FitBudget& budget;
    FitFound found;
    std::int64_t built = 0, order = 0;
    std::vector<Node> open;  // a heap
    bool deep = false;

    /// Whether b is to be looked at before a.
    bool operator()(const Node& a, const Node& b) const {
        const auto key = [&](const Node& n) {
            const auto depth = -static_cast<std::int64_t>(n.choices.size());
            return std::tuple(deep ? depth : 0, n.value, n.cost.lut, depth, n.order);
        };
        return key(a) > key(b);
    }
    void push(Node node) {
        node.order = order++;
        open.push_back(std::move(node));
        std::push_heap(open.begin(), open.end(), std::cref(*this));
    }
    Node pop() {
        std::pop_heap(open.begin(), open.end(), std::cref(*this));
        Node node = std::move(open.back());
        open.pop_back();
        return node;
    }
};

void FitSearch::consider(Run& run, const FitCandidate& candidate) const {
    if (!fits(candidate.point, run.budget)) return;
    const auto key = [&](const FitPoint& point) {
        return std::pair(value_of(point, run.objective), point.lut);
    };
    auto& best = run.found.candidate;
    if (!best || key(candidate.point) < key(best->point)) best = candidate;
}

void FitSearch::expand(Run& run, const Node& node) {
    for (const std::size_t choice : kept_[node.clock][node.choices.size()]) {
        std::vector<std::size_t> choices = node.choices;
        choices.push_back(choice);
        auto child = bounded(node.clock, std::move(choices));
        if (!child) continue;
        ++run.found.explored;
        const FitPoint point = point_of(*child);
        if (!fits(point, run.budget) || is_unrolled(*child)) continue;
        child->value = value_of(point, run.objective);
        run.push(std::move(*child));
    }
}

FitFound FitSearch::best(FitObjective objective, const FitBudget& budget) {
    Run run{objective, budget, {}, 0, 0, {}, false};
    for (const FitCandidate& candidate : unrolled_) consider(run, candidate);
    for (const auto& [key, candidate] : built_) consider(run, candidate);
    for (std::size_t c = 0; c < space_.clocks.size(); ++c) {
        auto root = bounded(c, {});
        if (!root || !fits(point_of(*root), budget)) continue;
        if (is_unrolled(*root)) continue;  // no layer has a choice
        root->value = value_of(point_of(*root), objective);
        run.push(std::move(*root));
    }
    std::optional<double> bound;  // where best-first ended early
    std::int64_t steps = 0;
    while (!run.open.empty()) {
        const auto& best = run.found.candidate;
        const double next = run.open.front().value;
        const bool no_better = best && next >= value_of(best->point, objective);
        if (!run.deep && no_better) break;
        if (!run.deep && ++steps > kMostSteps) {
            bound = next;
            if (best) break;
            run.deep = true;
            std::make_heap(run.open.begin(), run.open.end(), std::cref(run));
        }
        if (run.deep && (best || ++steps > kMostSteps + kMoreSteps)) break;
        const Node node = run.pop();
        if (node.choices.size() < space_.layers.size()) {
            expand(run, node);
            continue;
        }
        if (++run.built > kMostBuilt) {
            bound = std::min(bound.value_or(node.value), node.value);
            break;
        }
        if (const auto candidate = built(node)) consider(run, *candidate);
    }
    if (run.found.candidate) {
        const double reached = value_of(run.found.candidate->point, objective);
        run.found.bound = std::min(bound.value_or(reached), reached);
    } else {
        run.found.bound = bound.value_or(0);
    }
    return std::move(run.found);
}

}  // namespace gatewright::compile
