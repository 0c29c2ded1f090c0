// SPDX-License-Identifier: Apache-2.0
#include "compile/fit.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <filesystem>

#include "compile/fit_search.h"
#include "compile/mapping_options.h"

namespace gatewright::compile {
namespace {

struct Bound {
    const char* key;
    FitObjective objective;
    double asked;
    const char* unit;
};

std::vector<Bound> bounds_of(const FitBudget& budget) {
    std::vector<Bound> out;
    const auto add = [&](const char* key, FitObjective objective, const auto& asked) {
        if (asked) out.push_back({key, objective, static_cast<double>(*asked), ""});
    };
    add("lut", FitObjective::kLut, budget.lut);
    add("dsp", FitObjective::kDsp, budget.dsp);
    add("bram", FitObjective::kBram, budget.bram);
    add("ii", FitObjective::kInterval, budget.ii);
    if (budget.latency && budget.latency->nanoseconds > 0) {
        out.push_back({"latency", FitObjective::kLatency, budget.latency->nanoseconds, " ns"});
    } else if (budget.latency) {
        out.push_back({"latency", FitObjective::kCycles,
                       static_cast<double>(budget.latency->cycles), " cycles"});
    }
    return out;
}

FitBudget without(FitBudget budget, FitObjective objective) {
    switch (objective) {
        case FitObjective::kLut:
            budget.lut.reset();
            break;
        case FitObjective::kDsp:
            budget.dsp.reset();
            break;
        case FitObjective::kBram:
            budget.bram.reset();
            break;
        case FitObjective::kInterval:
            budget.ii.reset();
            break;
        case FitObjective::kLatency:
        case FitObjective::kCycles:
            budget.latency.reset();
            break;
    }
    return budget;
}

// 5412 -> "5,412"; a time keeps a decimal.
std::string amount(double value, const Bound& bound) {
    if (bound.objective == FitObjective::kLatency)
        return fmt::format("{:.1f}{}", value, bound.unit);
    const std::string digits = fmt::format("{:.0f}", value);
    std::string out;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
        out += digits[i];
    }
    return out + bound.unit;
}

void explain(FitSearch& search, const Bound& bound, const FitBudget& others, const char* when,
             Problems& problems) {
    const FitFound found = search.best(bound.objective, others);
    if (!found.candidate) return;
    const double needed = value_of(found.candidate->point, bound.objective);
    if (needed <= bound.asked) return;
    problems.add(fmt::format("{}={} cannot be met{}: the smallest found needs {}, {} more",
                             bound.key, amount(bound.asked, bound), when, amount(needed, bound),
                             amount(needed - bound.asked, bound)));
}

// Which bound cannot be met: alone, or else each beside the others.
Error impossible(FitSearch& search, const FitBudget& budget) {
    Problems problems;
    for (const Bound& bound : bounds_of(budget)) explain(search, bound, {}, "", problems);
    if (problems.empty()) {
        for (const Bound& bound : bounds_of(budget)) {
            explain(search, bound, without(budget, bound.objective), " together with the others",
                    problems);
        }
    }
    if (problems.empty()) problems.add("no mapping was found within the steps that are tried");
    return problems.to_error(
        fmt::format("--fit {}: no mapping keeps within this budget:", to_text(budget)));
}

Status check_options(const Options& options) {
    if (options.latency || options.pipeline.stages) {
        return fail(
            "--fit chooses the pipeline: say a latency as --fit latency=..., and no "
            "--latency or --stages");
    }
    if (options.mapping.reuse != 1) {
        return fail(
            "--fit chooses reuse factors: leave --reuse out (a layer's own, in the TOML "
            "file, stays)");
    }
    return {};
}

// Adder graphs are solved once and read again by every other mapping that has them.
class SolvedKernels {
  public:
    SolvedKernels() {
        std::error_code error;
        std::string name = (std::filesystem::temp_directory_path(error) / "gw_fit_XXXXXX").string();
        if (!error && ::mkdtemp(name.data()) != nullptr) folder_ = name;
    }
    ~SolvedKernels() {
        std::error_code error;
        if (!folder_.empty()) std::filesystem::remove_all(folder_, error);
    }
    SolvedKernels(const SolvedKernels&) = delete;
    SolvedKernels& operator=(const SolvedKernels&) = delete;
    [[nodiscard]] const std::string& folder() const { return folder_; }

  private:
    std::string folder_;  // empty: none could be made
};

Json record_of(const Fitted& fitted, const FitBudget& budget, double combinations) {
    Json reached = Json::object();
    const FitPoint& point = fitted.reached;
    reached.set("lut", point.lut).set("dsp", point.dsp).set("bram", point.bram);
    reached.set("latency_cycles", point.latency_cycles).set("latency_ns", point.latency_ns());
    reached.set("ii", point.ii).set("clock_mhz", point.clock_mhz);
    Json json = Json::object();
    json.set("asked", to_text(budget)).set("reached", std::move(reached));
    json.set("mapping", to_json(fitted.options.mapping));
    json.set("combinations", combinations);
    json.set("explored", fitted.explored).set("measured", fitted.measured);
    json.set("left_out", fitted.left_out);
    json.set("bound_reached", fitted.bound_reached).set("bound_ns", fitted.bound_ns);
    return json;
}

}  // namespace

Result<Fitted> fit(const Imported& imported, const Options& options) {
    GW_TRY_STATUS(check_options(options));
    const FitBudget& budget = *options.fit;
    const SolvedKernels kernels;
    Options cached = options;
    if (cached.adder_cache.empty()) cached.adder_cache = kernels.folder();
    GW_TRY(FitSearch search, FitSearch::make(imported, cached));
    const FitFound found = search.best(FitObjective::kLatency, budget);
    if (!found.candidate) return tl::unexpected<Error>(impossible(search, budget));
    Fitted out;
    out.options = options;
    out.options.mapping = found.candidate->mapping;
    out.options.clock_mhz = found.candidate->clock_mhz;
    out.reached = found.candidate->point;
    out.bound_ns = std::min(found.bound, out.reached.latency_ns());
    out.explored = found.explored;
    out.measured = search.measured();
    out.left_out = search.left_out();
    out.bound_reached = out.bound_ns >= out.reached.latency_ns() && out.left_out == 0;
    out.record = record_of(out, budget, search.combinations());
    return out;
}

Result<Fitted> fit(const Options& options, Progress& progress) {
    GW_TRY_STATUS(check_options(options));
    GW_TRY(const Imported imported, import_and_type(options, progress));
    progress.stage("fit");
    return fit(imported, options);
}

}  // namespace gatewright::compile
