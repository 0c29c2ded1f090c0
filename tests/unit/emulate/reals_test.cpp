// SPDX-License-Identifier: Apache-2.0
#include "emulate/reals.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "dfg/interpreter.h"
#include "emulate/engine.h"
#include "support/random_program.h"
#include "support/seed.h"

namespace gatewright::emulate {
namespace {

using fixed::Cast;
using fixed::Integer;

Cast random_cast(Rng& rng, int max_width) {
    Cast cast;
    const int width = static_cast<int>(rng.between(1, max_width));
    cast.format = {rng.chance(0.5), width, static_cast<int>(rng.between(-4, width + 4))};
    // Half of all ports as trained networks have them, half anything.
    const bool plain = rng.chance(0.5);
    cast.round = plain ? fixed::Round::kRnd : static_cast<fixed::Round>(rng.below(7));
    cast.overflow = plain ? fixed::Overflow::kWrap : static_cast<fixed::Overflow>(rng.below(4));
    return cast;
}

// A program that passes inputs through, with its ports: two of inputs, one of outputs.
struct PassThrough {
    dfg::Program program;
    dfg::Interface ports;
};

PassThrough pass_through(const std::vector<Cast>& casts, std::size_t in_first_port) {
    PassThrough out;
    out.ports.inputs = {{"a", {}, {}, {}, 0}, {"b", {}, {}, {}, 0}};
    out.ports.outputs = {{"y", {}, {}, {}, 0}};
    for (std::size_t i = 0; i < casts.size(); ++i) {
        dfg::Node node;
        node.op = dfg::Op::kInput;
        node.format = casts[i].format;
        node.range = fixed::Interval::of(node.format);
        out.program.append_output(out.program.append(std::move(node)));
        out.ports.inputs[i < in_first_port ? 0 : 1].elements.push_back(casts[i]);
        out.ports.outputs[0].elements.push_back({.format = casts[i].format});
    }
    return out;
}

// Ties, values out of range, huge, tiny and zeros of both signs.
double random_value(Rng& rng, const Cast& cast) {
    const double unit = std::ldexp(1.0, -cast.format.frac);
    switch (rng.below(6)) {
        case 0:
            return (static_cast<double>(rng.between(-300, 300)) + 0.5) * unit;
        case 1:
            return std::ldexp(rng.unit() - 0.5, static_cast<int>(rng.between(-120, 120)));
        case 2:
            return rng.chance(0.5) ? 0.0 : -0.0;
        default:
            return (rng.unit() - 0.5) * unit * std::ldexp(4.0, cast.format.width);
    }
}

template <class Real>
void expect_exact_casts(int max_width, std::size_t events, std::uint64_t seed) {
    Rng rng(seed);
    for (int round = 0; round < 60; ++round) {
        const std::size_t count = static_cast<std::size_t>(rng.between(2, 11));
        std::vector<Cast> casts;
        for (std::size_t i = 0; i < count; ++i) casts.push_back(random_cast(rng, max_width));
        const std::size_t first = count / 2;
        const PassThrough design = pass_through(casts, first);
        const Engine engine(design.program);
        const RealPorts ports(design.ports);
        std::vector<Real> a(events * first);
        std::vector<Real> b(events * (count - first));
        const auto value = [&](std::size_t e, std::size_t i) -> Real& {
            return i < first ? a[e * first + i] : b[e * (count - first) + i - first];
        };
        for (std::size_t e = 0; e < events; ++e) {
            for (std::size_t i = 0; i < count; ++i)
                value(e, i) = static_cast<Real>(random_value(rng, casts[i]));
        }
        std::vector<Real> y(events * count);
        const std::array<const Real*, 2> in{a.data(), b.data()};
        const std::array<Real*, 1> out{y.data()};
        ASSERT_TRUE(ports.run(engine, std::span<const Real* const>(in), std::span<Real* const>(out),
                              events));
        for (std::size_t e = 0; e < events; ++e) {
            for (std::size_t i = 0; i < count; ++i) {
                const auto x = static_cast<double>(value(e, i));
                const Integer code = cast_code(*fixed::Dyadic::from_double(x), casts[i]);
                const double expected = fixed::Dyadic(code, -casts[i].format.frac).to_double();
                ASSERT_EQ(y[e * count + i], static_cast<Real>(expected))
                    << x << " as " << to_string(casts[i]);
            }
        }
    }
}

TEST(Reals, FloatsAndDoublesGetTheExactCast) {
    expect_exact_casts<float>(16, 40, testing::test_seed(1));
    expect_exact_casts<double>(16, 40, testing::test_seed(2));
    expect_exact_casts<double>(31, 40, testing::test_seed(3));
    expect_exact_casts<double>(60, 40, testing::test_seed(4));
}

TEST(Reals, ManyEventsOnManyThreadsAreTheSame) {
    const Cast cast = fixed::parse_cast("fixed<9,4,RND,SAT>").value();
    const PassThrough design = pass_through({cast, cast, cast}, 1);
    const Engine engine(design.program);
    const RealPorts ports(design.ports);
    const std::size_t events = 70001;
    std::vector<float> a(events);
    std::vector<float> b(events * 2);
    for (std::size_t e = 0; e < events; ++e) a[e] = static_cast<float>(e % 512) / 32 - 8;
    std::vector<float> y(events * 3);
    const std::array<const float*, 2> in{a.data(), b.data()};
    const std::array<float*, 1> out{y.data()};
    ASSERT_TRUE(ports.run(engine, std::span<const float* const>(in), std::span<float* const>(out),
                          events, 4));
    for (std::size_t e = 0; e < events; ++e) {
        ASSERT_EQ(y[e * 3], static_cast<float>(e % 512) / 32 - 8) << e;
        ASSERT_EQ(y[e * 3 + 1], 0) << e;
    }
}

TEST(Reals, NotANumberIsAnErrorThatNamesItsPlace) {
    const Cast cast = fixed::parse_cast("fixed<9,4,RND,SAT>").value();
    const PassThrough design = pass_through({cast, cast, cast}, 1);
    const Engine engine(design.program);
    const RealPorts ports(design.ports);
    for (const double bad :
         {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity()}) {
        std::vector<double> a{1, 2, 3};
        std::vector<double> b{1, 2, 3, 4, 5, bad};
        std::vector<double> y(9);
        const std::array<const double*, 2> in{a.data(), b.data()};
        const std::array<double*, 1> out{y.data()};
        const Status status =
            ports.run(engine, std::span<const double* const>(in), std::span<double* const>(out), 3);
        ASSERT_FALSE(status);
        EXPECT_NE(status.error().message.find("'b': event 2, element 1"), std::string::npos)
            << status.error().message;
    }
}

}  // namespace
}  // namespace gatewright::emulate
