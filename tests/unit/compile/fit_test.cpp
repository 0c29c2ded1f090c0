// SPDX-License-Identifier: Apache-2.0
//
// --fit against the plain way: every legal mapping of a small network is built, and the best of
// those within the budget must be what the search finds, or its refusal what they say.
#include "compile/fit.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "layers/dense.h"
#include "opt/graph_passes.h"
#include "support/random_network.h"
#include "support/seed.h"

namespace gatewright::compile {
namespace {

using arch::Multipliers;

Imported small_network(Rng& rng) {
    gatewright::testing::RandomNetworkParams params;
    params.sizes = {4, 6, 3};
    params.kept = 0.8;
    params.weight_bits = 4;
    params.activation_bits = 5;
    auto typed = model::infer_types(opt::fuse(gatewright::testing::random_network(rng, params)));
    EXPECT_TRUE(typed.has_value());
    return Imported{{}, std::move(*typed), {}, {}, {}};
}

Options options_of(arch::Io io, const std::string& budget) {
    Options options;
    options.clock_mhz = 200;
    options.mapping.io = io;
    auto read = parse_fit(budget);
    EXPECT_TRUE(read.has_value()) << (read ? "" : read.error().message);
    options.fit = read.value_or(FitBudget{});
    return options;
}

// All mappings of the two layers, by the plainest enumeration.
std::vector<FitPoint> every_mapping(const Imported& imported, const Options& options) {
    std::vector<FitPoint> points;
    const auto factors = [](std::int64_t products) {
        std::vector<std::pair<std::int64_t, Multipliers>> out = {{1, Multipliers::kLogic}};
        for (std::int64_t reuse = 2; reuse <= products; ++reuse) {
            if (products % reuse != 0) continue;
            out.emplace_back(reuse, Multipliers::kLogic);
            out.emplace_back(reuse, Multipliers::kDsp);
        }
        return out;
    };
    for (const auto& [first, first_kind] : factors(24)) {
        for (const auto& [second, second_kind] : factors(18)) {
            Options one = options;
            one.mapping.layers["dense_1"] = {first, {}, first_kind};
            one.mapping.layers["dense_2"] = {second, {}, second_kind};
            const auto point = measure(imported, one);
            EXPECT_TRUE(point.has_value()) << (point ? "" : point.error().message);
            if (point && point->clock_mhz > 199.99) points.push_back(*point);
        }
    }
    return points;
}

void expect_best(const Imported& imported, const Options& options,
                 const std::vector<FitPoint>& points) {
    const std::string asked = to_text(*options.fit);
    std::optional<double> best;
    for (const FitPoint& point : points) {
        if (!fits(point, *options.fit)) continue;
        best = std::min(best.value_or(point.latency_ns()), point.latency_ns());
    }
    const auto found = fit(imported, options);
    ASSERT_EQ(found.has_value(), best.has_value())
        << asked << ": " << (found ? "found one" : found.error().message);
    if (!found) return;
    EXPECT_TRUE(fits(found->reached, *options.fit)) << asked;
    EXPECT_DOUBLE_EQ(found->reached.latency_ns(), *best) << asked;
    EXPECT_TRUE(found->bound_reached) << asked;
    EXPECT_DOUBLE_EQ(found->bound_ns, *best) << asked;
    // What is stored with the design builds the same again.
    const auto again = measure(imported, found->options);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->lut, found->reached.lut);
    EXPECT_EQ(again->latency_cycles, found->reached.latency_cycles);
}

std::int64_t quantile(std::vector<FitPoint> points, std::int64_t FitPoint::*member,
                      std::size_t percent) {
    std::sort(points.begin(), points.end(),
              [&](const auto& a, const auto& b) { return a.*member < b.*member; });
    return points[(points.size() - 1) * percent / 100].*member;
}

void expect_best_for_many_budgets(arch::Io io) {
    Rng rng(gatewright::testing::test_seed(20261));
    const Imported imported = small_network(rng);
    const std::vector<FitPoint> points = every_mapping(imported, options_of(io, "ii=1000"));
    ASSERT_GT(points.size(), 100U);
    const auto at = [&](std::int64_t FitPoint::*member, std::size_t percent) {
        return quantile(points, member, percent);
    };
    for (const std::size_t percent : {0U, 3U, 10U, 40U, 100U}) {
        const std::int64_t lut = at(&FitPoint::lut, percent);
        expect_best(imported, options_of(io, fmt::format("lut={}", lut)), points);
        expect_best(imported, options_of(io, fmt::format("lut={},dsp=0", lut)), points);
        expect_best(imported,
                    options_of(io, fmt::format("lut={},dsp={},ii={}", lut, at(&FitPoint::dsp, 50),
                                               at(&FitPoint::ii, 60))),
                    points);
        expect_best(imported,
                    options_of(io, fmt::format("lut={},latency={}cycles", lut,
                                               at(&FitPoint::latency_cycles, 30))),
                    points);
    }
}

TEST(Fit, FindsWhatTryingEveryMappingOfWholeEventsFinds) {
    expect_best_for_many_budgets(arch::Io::kParallel);
}

TEST(Fit, FindsWhatTryingEveryMappingOfAStreamFinds) {
    expect_best_for_many_budgets(arch::Io::kStream);
}

TEST(Fit, SaysByHowMuchABudgetIsMissed) {
    Rng rng(gatewright::testing::test_seed(20261));
    const Imported imported = small_network(rng);
    const auto points = every_mapping(imported, options_of(arch::Io::kStream, "ii=1000"));
    const std::int64_t least = quantile(points, &FitPoint::lut, 0);
    const Options options = options_of(arch::Io::kStream, fmt::format("lut={}", least - 7));
    const auto refused = fit(imported, options);
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message.find(fmt::format("needs {}, 7 more", least)),
              std::string::npos)
        << refused.error().message;
}

TEST(Fit, KeepsALayersOwnReuseFactor) {
    Rng rng(gatewright::testing::test_seed(20261));
    const Imported imported = small_network(rng);
    Options options = options_of(arch::Io::kStream, "lut=100000");
    options.mapping.layers["dense_1"].reuse = 6;
    const auto found = fit(imported, options);
    ASSERT_TRUE(found.has_value()) << found.error().message;
    EXPECT_EQ(found->options.mapping.layers.at("dense_1").reuse, 6);
    options.mapping.layers["dense_1"].reuse = 5;
    EXPECT_FALSE(fit(imported, options).has_value());
}

TEST(Fit, ReadsABudgetAndWritesItBack) {
    const auto budget = parse_fit(" lut=20000, dsp=0,bram=4 ,latency=2us,ii=40");
    ASSERT_TRUE(budget.has_value());
    EXPECT_EQ(budget->lut, 20000);
    EXPECT_EQ(budget->dsp, 0);
    EXPECT_EQ(budget->bram, 4);
    EXPECT_EQ(budget->latency->nanoseconds, 2000);
    EXPECT_EQ(budget->ii, 40);
    EXPECT_EQ(to_text(*budget), "lut=20000,dsp=0,bram=4,latency=2000ns,ii=40");
    EXPECT_EQ(to_text(parse_fit("latency=500cycles").value()), "latency=500cycles");
}

TEST(Fit, RefusesWhatIsNoBudgetAndNamesEveryProblem) {
    for (const char* text : {"", "lut", "lut=", "lut=-1", "lut=1.5", "lut=1e3", "ii=0", "speed=3",
                             "lut=1,lut=2", "latency=2weeks", "lut=1,,dsp=2"}) {
        EXPECT_FALSE(parse_fit(text).has_value()) << text;
    }
    const auto refused = parse_fit("lut=x,speed=3");
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message.find("lut=x"), std::string::npos);
    EXPECT_NE(refused.error().message.find("'speed=3'"), std::string::npos);
}

}  // namespace
}  // namespace gatewright::compile
