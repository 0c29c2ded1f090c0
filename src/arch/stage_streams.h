// SPDX-License-Identifier: Apache-2.0
//
// Streams of a plan while it is made, and the stages that only move elements between them. A tensor
// of the model is a view of a stream: maybe other positions, maybe elements in another order. A
// rearranging stage is made only when a reader needs other words, and once for all readers that
// need the same.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "arch/stages.h"

namespace gatewright::arch {

/// Element i of the tensor is element from[i] of the stream (or 0: -1); from empty: element i.
struct StreamView {
    StreamId stream;
    std::vector<std::int64_t> from;
    tensor::Shape shape;

    [[nodiscard]] std::size_t size() const { return tensor::element_count(shape); }
    [[nodiscard]] std::int64_t source(std::size_t element) const {
        return from.empty() ? static_cast<std::int64_t>(element) : from[element];
    }
};

/// Channels of a tensor: its last axis.
std::size_t channels_of(const tensor::Shape& shape);

class StreamBuilder {
  public:
    explicit StreamBuilder(StagedDesign& design) : design_(design) {}

    [[nodiscard]] const Stream& operator[](StreamId id) const { return design_[id]; }

    /// Makes a stream of these ranges; formats follow from them.
    StreamId add_stream(std::string name, tensor::Shape shape, std::vector<fixed::Interval> ranges);
    /// Appends a stage that makes `stage.output` and links it to its streams; its name is made
    /// unique.
    void add_stage(Stage stage);

    /// The element numbers of the view's stream that make up the output of a rearrangement, cut
    /// into words of `channels`, as a stream: the view's own if nothing moves, one made before, or
    /// a new one behind a new stage.
    StreamId rearranged(StreamId input, std::vector<std::int64_t> from, tensor::Shape shape,
                        std::size_t channels, const std::string& name, LayerId layer);
    /// The view's elements in order, in words of `channels`.
    StreamId in_words(const StreamView& view, std::size_t channels, const std::string& name,
                      LayerId layer);

    /// The same words again, behind a stage of their own (an output that is an input).
    StreamId copied(StreamId input, const std::string& name, LayerId layer);

  private:
    StreamId add_rearrange(StreamId input, std::vector<std::int64_t> from, tensor::Shape shape,
                           std::size_t channels, const std::string& name, LayerId layer);
    [[nodiscard]] StreamId find_rearranged(StreamId input, const std::vector<std::int64_t>& from,
                                           std::size_t channels) const;
    std::string unique_name(const std::string& name);

    StagedDesign& design_;
    std::set<std::string> names_;
};

/// Hull of ranges in which the constant 0 needs no fraction bits.
fixed::Interval hull_of(const fixed::Interval& a, const fixed::Interval& b);

}  // namespace gatewright::arch
