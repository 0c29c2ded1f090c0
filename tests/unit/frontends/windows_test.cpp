// SPDX-License-Identifier: Apache-2.0
//
// Padding as TensorFlow defines it, on cases worked out by hand, and transposed convolutions
// against their definition: output o gets x[i]·w[t] wherever i·stride + t·dilation - cut = o.
#include "frontends/windows.h"

#include <gtest/gtest.h>

namespace gatewright::frontends {
namespace {

bool operator==(const Zeros& a, const Zeros& b) {
    return a.before == b.before && a.after == b.after;
}

TEST(WindowZeros, SameWithStridePadsAtTheEndFirst) {
    // 8 inputs, 3 taps, stride 2: 4 outputs reach 9 inputs.
    EXPECT_TRUE(window_zeros({8, 3, 2, 1}, Padding::kSame) == (Zeros{0, 1}));
    EXPECT_TRUE(window_zeros({7, 3, 2, 1}, Padding::kSame) == (Zeros{1, 1}));
    EXPECT_TRUE(window_zeros({8, 3, 1, 1}, Padding::kSame) == (Zeros{1, 1}));
    EXPECT_TRUE(window_zeros({8, 4, 1, 1}, Padding::kSame) == (Zeros{1, 2}));
    EXPECT_TRUE(window_zeros({25, 3, 3, 1}, Padding::kSame) == (Zeros{1, 1}));
    EXPECT_TRUE(window_zeros({9, 5, 2, 1}, Padding::kSame) == (Zeros{2, 2}));
    EXPECT_TRUE(window_zeros({8, 3, 1, 2}, Padding::kSame) == (Zeros{2, 2}));
    // A step longer than the window: nothing to pad.
    EXPECT_TRUE(window_zeros({8, 1, 3, 1}, Padding::kSame) == (Zeros{0, 0}));
}

TEST(WindowZeros, CausalPadsBeforeAndValidNowhere) {
    EXPECT_TRUE(window_zeros({10, 3, 1, 2}, Padding::kCausal) == (Zeros{4, 0}));
    EXPECT_TRUE(window_zeros({10, 3, 2, 1}, Padding::kValid) == (Zeros{0, 0}));
}

/// The transposed convolution of 1, 2, 3 .. with taps 1, 10, 100 .. by its definition.
std::vector<double> transposed(const WindowAxis& axis, std::int64_t outputs, std::int64_t cut) {
    std::vector<double> y(static_cast<std::size_t>(outputs), 0.0);
    for (std::int64_t i = 0; i < axis.input; ++i) {
        double tap = 1;
        for (std::int64_t t = 0; t < axis.size; ++t, tap *= 10) {
            const std::int64_t o = i * axis.stride + t * axis.dilation - cut;
            if (o >= 0 && o < outputs)
                y[static_cast<std::size_t>(o)] += static_cast<double>(i + 1) * tap;
        }
    }
    return y;
}

/// The same as the importers make it: zeros in between, then a reversed window.
std::vector<double> as_convolution(const WindowAxis& axis, Padding padding,
                                   std::int64_t output_padding) {
    const Zeros zeros = transposed_zeros(axis, padding, output_padding);
    std::vector<double> spread(static_cast<std::size_t>(zeros.before), 0.0);
    for (std::int64_t i = 0; i < axis.input; ++i) {
        if (i > 0) spread.resize(spread.size() + static_cast<std::size_t>(axis.stride - 1), 0.0);
        spread.push_back(static_cast<double>(i + 1));
    }
    spread.resize(spread.size() + static_cast<std::size_t>(zeros.after), 0.0);
    const auto order = transposed_kernel_order({axis.size, 1, 1});
    std::vector<double> taps = {1};
    while (taps.size() < order.size()) taps.push_back(taps.back() * 10);
    std::vector<double> y;
    const auto reach = static_cast<std::size_t>(axis.dilation * (axis.size - 1));
    for (std::size_t o = 0; o + reach < spread.size(); ++o) {
        double sum = 0;
        for (std::size_t t = 0; t < order.size(); ++t)
            sum += spread[o + t * static_cast<std::size_t>(axis.dilation)] * taps[order[t]];
        y.push_back(sum);
    }
    return y;
}

TEST(TransposedZeros, GiveTheDefinitionOfTransposedConvolutions) {
    // Sizes and cuts as TensorFlow documents them for conv2d_transpose.
    EXPECT_EQ(as_convolution({4, 3, 1, 1}, Padding::kValid, -1), transposed({4, 3, 1, 1}, 6, 0));
    EXPECT_EQ(as_convolution({4, 3, 2, 1}, Padding::kValid, -1), transposed({4, 3, 2, 1}, 9, 0));
    EXPECT_EQ(as_convolution({4, 3, 2, 1}, Padding::kSame, -1), transposed({4, 3, 2, 1}, 8, 0));
    EXPECT_EQ(as_convolution({4, 3, 1, 1}, Padding::kSame, -1), transposed({4, 3, 1, 1}, 4, 1));
    EXPECT_EQ(as_convolution({4, 5, 2, 1}, Padding::kSame, -1), transposed({4, 5, 2, 1}, 8, 1));
    EXPECT_EQ(as_convolution({4, 3, 1, 2}, Padding::kSame, -1), transposed({4, 3, 1, 2}, 4, 2));
    // The last positions of a step longer than the kernel see nothing.
    EXPECT_EQ(as_convolution({3, 2, 3, 1}, Padding::kValid, -1), transposed({3, 2, 3, 1}, 9, 0));
    EXPECT_EQ(as_convolution({3, 2, 3, 1}, Padding::kSame, -1), transposed({3, 2, 3, 1}, 9, 0));
    // output_padding: (4 - 1)·2 + 3 - 2 + 1 = 8, cut (3 - 1 - 1)/2.
    EXPECT_EQ(as_convolution({4, 3, 2, 1}, Padding::kSame, 1), transposed({4, 3, 2, 1}, 8, 0));
    EXPECT_EQ(as_convolution({4, 3, 2, 1}, Padding::kSame, 0), transposed({4, 3, 2, 1}, 7, 1));
    EXPECT_EQ(as_convolution({4, 3, 2, 1}, Padding::kValid, 1), transposed({4, 3, 2, 1}, 10, 0));
}

TEST(TransposedKernel, SwapsChannelsAndReversesTheWindow) {
    // [2, 1, outputs 2, inputs 3] -> [2, 1, inputs 3, outputs 2], rows reversed.
    EXPECT_EQ(transposed_kernel_order({2, 1, 2, 3}),
              (std::vector<std::size_t>{6, 9, 7, 10, 8, 11, 0, 3, 1, 4, 2, 5}));
}

TEST(ReadWindow, ListsAllThatCannotBeRead) {
    const Json config = parse_json(R"({"kernel_size": [3], "strides": 0, "padding": "full",
                                       "data_format": "NCHW", "groups": 0})")
                            .value();
    const auto window = read_window(config, 2, "kernel_size");
    ASSERT_FALSE(window);
    for (const char* part : {"kernel_size [3]", "strides 0", "'full'", "'NCHW'", "0 groups"}) {
        EXPECT_NE(window.error().message.find(part), std::string::npos)
            << part << " in " << window.error().message;
    }
    EXPECT_FALSE(read_window(parse_json(R"({"kernel_size": 3, "padding": "causal"})").value(), 2,
                             "kernel_size"));
}

TEST(ReadWindow, PoolsStepByTheirSize) {
    const auto window =
        read_window(parse_json(R"({"pool_size": [2, 3], "strides": null})").value(), 2, "pool_size")
            .value();
    EXPECT_EQ(window.strides, (tensor::Shape{2, 3}));
}

TEST(ReadMargins, TakesNumbersPairsAndPairsPerAxis) {
    const auto read = [](const char* text, std::size_t rank) {
        return read_margins(parse_json(text).value(), "padding", rank);
    };
    EXPECT_TRUE(read(R"({"padding": 2})", 2).value()[1] == (Zeros{2, 2}));
    EXPECT_TRUE(read(R"({"padding": [1, 2]})", 1).value()[0] == (Zeros{1, 2}));
    EXPECT_TRUE(read(R"({"padding": [1, 2]})", 2).value()[1] == (Zeros{2, 2}));
    EXPECT_TRUE(read(R"({"padding": [[0, 1], [2, 3]]})", 2).value()[1] == (Zeros{2, 3}));
    EXPECT_FALSE(read(R"({"padding": [[0, 1]]})", 2));
    EXPECT_FALSE(read(R"({"padding": -1})", 1));
}

}  // namespace
}  // namespace gatewright::frontends
