// SPDX-License-Identifier: Apache-2.0
//
// Carry chains in series, against a simulation of when each single bit is stable: a full adder per
// bit, its carry a bit later than the one below; where a device inverts in LUTs of their own, one
// in front of every bit that is subtracted.
#include <gtest/gtest.h>

#include <algorithm>

#include "dfg/builder.h"
#include "schedule/schedule.h"
#include "support/seed.h"

namespace gatewright::schedule {
namespace {

using dfg::Node;
using dfg::Op;
using dfg::Program;

constexpr double kNet = 70;
constexpr double kEntry = 300;
constexpr double kPerBit = 100;
constexpr double kLut = 90;

enum class Inversion { kInChain, kInFront };

Device ripple_device(Inversion inversion) {
    Device device;
    device.inversion_ps = inversion == Inversion::kInFront ? kLut : 0;
    device.lut_ps = kLut;
    device.net_ps = kNet;
    device.carry_entry_ps = kEntry;
    device.carry_ps_per_bit = kPerBit;
    device.max_clock_mhz = 1e6;
    return device;
}

// When each bit of each value is stable, lowest first, if all inputs are at time 0.
class BitTimes {
  public:
    explicit BitTimes(const Program& program, Inversion inversion = Inversion::kInChain)
        : program_(program), inversion_(inversion) {
        for (const Node& node : program.nodes()) times_.push_back(times_of(node));
    }
    [[nodiscard]] double last() const {
        double latest = 0;
        for (const auto& bits : times_) {
            for (const double time : bits) latest = std::max(latest, time);
        }
        return latest;
    }

  private:
    // Of the operand's bit of weight `weight`; above it that of its sign; -1 where it has no bit.
    [[nodiscard]] double time_at(dfg::ValueId value, int weight) const {
        const auto& bits = times_[value.index()];
        const int index = weight + program_[value].format.frac;
        const bool above = index >= static_cast<int>(bits.size());
        if (index < 0 || bits.empty() || (above && !program_[value].format.is_signed)) return -1;
        return bits[static_cast<std::size_t>(std::min(index, static_cast<int>(bits.size()) - 1))];
    }
    [[nodiscard]] std::vector<double> times_of(const Node& node) const {
        std::vector<double> bits(static_cast<std::size_t>(node.format.width), 0);
        if (node.op != Op::kAdd && node.op != Op::kSub) return bits;
        double carry = -1;
        for (std::size_t i = 0; i < bits.size(); ++i) {
            const int weight = static_cast<int>(i) - node.format.frac;
            const double a = time_at(node.args[0], weight);
            double b = time_at(node.args[1], weight - node.shift);
            if (b >= 0 && node.op == Op::kSub && inversion_ == Inversion::kInFront)
                b += kNet + kLut;
            const bool adds = b >= 0 && (a >= 0 || node.op == Op::kSub);
            if (!adds && carry < 0) {
                bits[i] = std::max(a, b);
                continue;
            }
            carry = std::max(carry, std::max(a, b) + kNet + kEntry) + kPerBit;
            bits[i] = carry;
        }
        return bits;
    }

    const Program& program_;
    const Inversion inversion_;
    std::vector<std::vector<double>> times_;
};

double modelled_ps(const Program& program, Inversion inversion = Inversion::kInChain) {
    const Device device = ripple_device(inversion);
    arch::FlatProgram flat;
    for (const Node& node : program.nodes())
        flat.kernel_of.push_back(node.op == Op::kInput ? arch::KernelId() : arch::KernelId(0));
    flat.program = program;
    const auto result = schedule(flat, device, {.clock_mhz = 0.01});
    EXPECT_TRUE(result) << result.error().message;
    const Status status = verify(flat, device, *result);
    EXPECT_TRUE(status) << status.error().message;
    return result->critical_ps;
}

TEST(Overlap, AlignedAddersInSeriesRippleOnce) {
    dfg::Builder builder("sum");
    dfg::ValueId sum = builder.input({true, 8, 0});
    for (int i = 0; i < 3; ++i) sum = builder.add(sum, builder.input({true, 8, 0}));
    builder.output(sum);
    const Program program = std::move(builder).finish();
    // 9 bits, then 10 and again 10 (three and four times [-128, 127]), of which 8 and 9 run behind
    // the chain before.
    EXPECT_DOUBLE_EQ(modelled_ps(program),
                     3 * (kNet + kEntry) + (9 + (10 - 8) + (10 - 9)) * kPerBit);
    EXPECT_DOUBLE_EQ(BitTimes(program).last(), 3 * (kNet + kEntry) + 12 * kPerBit);
}

TEST(Overlap, AShiftedOperandOverlapsLess) {
    dfg::Builder builder("shifted");
    const dfg::ValueId a = builder.input({true, 8, 0});
    const dfg::ValueId sum = builder.add(a, builder.input({true, 8, 0}));
    // The chain starts at bit 6, where two bits of the first sum are still to come.
    builder.output(builder.add(builder.input({true, 16, 0}), sum, 6));
    const Program program = std::move(builder).finish();
    EXPECT_DOUBLE_EQ(modelled_ps(program), 2 * (kNet + kEntry) + (9 + (17 - 6) - 8) * kPerBit);
}

TEST(Overlap, NoPathTakesLongerThanTheModelSays) {
    Rng rng(testing::test_seed(31));
    for (int round = 0; round < 300; ++round) {
        dfg::Builder builder("random");
        std::vector<dfg::ValueId> values;
        for (int i = 0; i < 4; ++i) {
            const int width = static_cast<int>(rng.between(1, 12));
            values.push_back(
                builder.input({rng.chance(0.5), width, static_cast<int>(rng.between(-3, 3))}));
        }
        for (int i = 0; i < 8; ++i) {
            const dfg::ValueId a = values[rng.below(values.size())];
            const dfg::ValueId b = values[rng.below(values.size())];
            const int shift = static_cast<int>(rng.between(-5, 5));
            values.push_back(rng.chance(0.5) ? builder.add(a, b, shift) : builder.sub(a, b, shift));
        }
        for (const dfg::ValueId value : values) builder.output(value);
        const Program program = std::move(builder).finish();
        for (const Inversion inversion : {Inversion::kInChain, Inversion::kInFront}) {
            EXPECT_GE(modelled_ps(program, inversion) + 1e-6, BitTimes(program, inversion).last())
                << "round " << round;
        }
    }
}

}  // namespace
}  // namespace gatewright::schedule
