// SPDX-License-Identifier: Apache-2.0
#include "verify/stimuli.h"

#include <gtest/gtest.h>

#include "support/seed.h"
#include "verify/packing.h"

namespace gatewright::verify {
namespace {

using fixed::Integer;

arch::Port port_of(const std::vector<fixed::Format>& formats) {
    arch::Port port;
    port.name = "p";
    port.shape = {static_cast<std::int64_t>(formats.size())};
    for (const fixed::Format& format : formats) {
        port.elements.push_back({.format = format});
        port.bit_offset.push_back(port.width);
        port.width += format.width;
    }
    return port;
}

TEST(Stimuli, StartWithTheEdges) {
    arch::Design design;
    design.inputs.push_back(port_of({{true, 4, 0}, {false, 3, 1}, {false, 0, 0}}));
    const std::vector<Integer> codes = edge_stimuli(design.inputs);
    ASSERT_EQ(codes.size(), 3U * (9 + 2 * 3));
    const auto event = [&](std::size_t e) {
        return std::vector<Integer>(&codes[3 * e], &codes[3 * e] + 3);
    };
    EXPECT_EQ(event(0), (std::vector<Integer>{-8, 0, 0}));  // minimum
    EXPECT_EQ(event(1), (std::vector<Integer>{7, 7, 0}));   // maximum
    EXPECT_EQ(event(2), (std::vector<Integer>{0, 0, 0}));
    EXPECT_EQ(event(3), (std::vector<Integer>{1, 1, 0}));   // one lsb
    EXPECT_EQ(event(4), (std::vector<Integer>{-1, 7, 0}));  // minus one lsb, wrapped where unsigned
    EXPECT_EQ(event(5), (std::vector<Integer>{-8, 7, 0}));  // alternating
    EXPECT_EQ(event(7), (std::vector<Integer>{7, 0, 0}));
}

TEST(Stimuli, AreTheSameForTheSameSeedOnly) {
    arch::Design design;
    design.inputs.push_back(port_of({{true, 40, 0}, {false, 100, 1}}));
    EXPECT_EQ(stimuli(design.inputs, 50, 7), stimuli(design.inputs, 50, 7));
    EXPECT_NE(stimuli(design.inputs, 50, 7), stimuli(design.inputs, 50, 8));
}

TEST(BusLayout, PacksElementsFromTheLowEnd) {
    const BusLayout layout(
        {port_of({{true, 4, 0}, {false, 0, 0}}), port_of({{false, 30, 0}, {true, 2, 0}})});
    EXPECT_EQ(layout.bits(), 36);
    const std::vector<Integer> codes{-1, 0, (1 << 29) + 5, -2};
    std::vector<std::uint32_t> words(layout.words());
    layout.pack(codes, words);
    // bits 0-3: 1111; bits 4-33: 2^29 + 5 (bit 33 set, 0101 at 4); bits 34-35: 10
    EXPECT_EQ(words, (std::vector<std::uint32_t>{0x0000005FU, 0x0000000AU}));
}

TEST(BusLayout, UnpacksWhatItPacks) {
    Rng rng(testing::test_seed(1));
    for (int i = 0; i < 300; ++i) {
        std::vector<fixed::Format> formats;
        for (int e = 0; e < 6; ++e) {
            formats.push_back(
                {rng.chance(0.5), static_cast<int>(rng.between(0, e == 0 ? 200 : 40)), 0});
        }
        const arch::Port port = port_of(formats);
        arch::Design design;
        design.inputs.push_back(port);
        const BusLayout layout({port});
        const std::vector<Integer> codes = stimuli(design.inputs, 1, rng.next());
        const std::span event = std::span(codes).last(6);
        std::vector<std::uint32_t> words(layout.words());
        layout.pack(event, words);
        std::vector<Integer> again(6);
        layout.unpack(words, again);
        ASSERT_TRUE(std::equal(event.begin(), event.end(), again.begin()));
    }
}

}  // namespace
}  // namespace gatewright::verify
