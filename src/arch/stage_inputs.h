// SPDX-License-Identifier: Apache-2.0
//
// How a stage reads the tensors of the model: as windows over streams that a delay line can serve,
// or, where that is impossible, over a stream that a stage before has put in order.
#pragma once

#include "arch/stage_streams.h"

namespace gatewright::arch {

/// Who reads: new stages are named after it.
struct StreamReader {
    std::string name;
    LayerId layer;
};

/// The whole tensor in one word.
StageInput whole_event_input(StreamBuilder& streams, const StreamView& view,
                             const StreamReader& reader);

/// One word per output position with the channels of all taps: for stages of several inputs.
StageInput one_word_input(StreamBuilder& streams, const StreamView& view,
                          const model::Window& window, const tensor::Shape& positions,
                          const StreamReader& reader);

/// A window. Paddings and croppings before it become part of it, several words per position an axis
/// of it (`positions` then gets an axis of size 1), padding beyond what a delay line can do a stage
/// of its own.
StageInput window_input(StreamBuilder& streams, const StreamView& view, model::Window window,
                        tensor::Shape& positions, const StreamReader& reader);

/// Whether tap `tap` is outside its input at some position.
bool reaches_outside(const model::Window& window, const tensor::Shape& positions, std::size_t tap);

}  // namespace gatewright::arch
