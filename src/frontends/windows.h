// SPDX-License-Identifier: Apache-2.0
//
// Windows as Keras writes them, in all its versions and in QKeras and HGQ2: kernel or pool sizes,
// strides, dilation, "valid", "same" and "causal" padding, channels first or last. Our layers state
// zeros before and after each axis instead; the arithmetic between the two is here.
//
// With n inputs along an axis, a kernel of k taps, stride s and dilation d, k' = d·(k-1) + 1:
//     valid    no zeros
//     same     ceil(n/s) outputs: max((ceil(n/s)-1)·s + k' - n, 0) zeros, half of them (rounded
//              down) before, so that a stride of 2 pads at the end first
//     causal   k' - 1 zeros before
// A transposed convolution is the gradient of the convolution that would make its input from its
// output, L = n·s (same) or n·s + max(k'-s, 0) (valid) outputs. It equals a convolution of the
// input with s - 1 zeros between its elements and the kernel reversed.
// Source: tensorflow.org, "tf.nn: notes on padding"; keras-team/keras utils/conv_utils.py.
#pragma once

#include <string_view>
#include <vector>

#include "layers/conv.h"
#include "layers/pool.h"
#include "support/json.h"

namespace gatewright::frontends {

enum class Padding : std::uint8_t { kValid, kSame, kCausal };
enum class ChannelAxis : std::uint8_t { kLast, kFirst };

struct WindowConfig {
    tensor::Shape size;  ///< taps per axis; empty: the whole input
    tensor::Shape strides;
    tensor::Shape dilation;
    tensor::Shape output_padding;  ///< of transposed convolutions; empty: none given
    Padding padding = Padding::kValid;
    ChannelAxis channels = ChannelAxis::kLast;
    std::int64_t groups = 1;
};

/// Zeros (or dropped elements) around one axis.
struct Zeros {
    std::int64_t before = 0;
    std::int64_t after = 0;
};

/// A positive whole number, or a list of `rank` of them; `fallback` where it is missing.
Result<tensor::Shape> read_sizes(const Json& config, std::string_view key, std::size_t rank,
                                 const tensor::Shape& fallback);
Result<ChannelAxis> read_channel_axis(const Json& config);
/// Padding or cropping per axis: n, one n per axis, or [before, after] per axis (for one axis also
/// without the outer list).
Result<std::vector<Zeros>> read_margins(const Json& config, std::string_view key, std::size_t rank);
/// Window of a convolution (`size_key` = "kernel_size") or of pooling ("pool_size", whose strides
/// default to its size). The error lists everything that cannot be read.
Result<WindowConfig> read_window(const Json& config, std::size_t rank, std::string_view size_key);

/// One axis of a window.
struct WindowAxis {
    std::int64_t input = 1;
    std::int64_t size = 1;
    std::int64_t stride = 1;
    std::int64_t dilation = 1;
};
Zeros window_zeros(const WindowAxis& axis, Padding padding);
/// Zeros around the input with stride - 1 zeros between its elements; `output_padding` < 0: none.
Zeros transposed_zeros(const WindowAxis& axis, Padding padding, std::int64_t output_padding);

/// Window fields of a layer on an input with channels last.
void set_window(const WindowConfig& window, const tensor::Shape& input, layers::Conv& conv);
void set_window(const WindowConfig& window, const tensor::Shape& input, layers::PoolWindow& pool);
/// The same for a transposed convolution; the layer's input has its zeros already in between.
void set_transposed(const WindowConfig& window, const tensor::Shape& input, layers::Conv& conv);

/// Per element of the kernel [window.., inputs, outputs] of the equal convolution, the element of
/// Keras' transposed kernel [window.., outputs, inputs] it is.
std::vector<std::size_t> transposed_kernel_order(const tensor::Shape& stored);

/// Axes of a permutation to channels last, or back, for `rank` axes in all.
std::vector<std::int64_t> to_channels_last(std::size_t rank);
std::vector<std::int64_t> to_channels_first(std::size_t rank);

}  // namespace gatewright::frontends
