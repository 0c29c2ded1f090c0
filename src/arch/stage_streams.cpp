// SPDX-License-Identifier: Apache-2.0
#include "arch/stage_streams.h"

#include <fmt/format.h>

#include <numeric>

#include "support/check.h"

namespace gatewright::arch {

using fixed::Interval;

namespace {

bool is_zero(const Interval& range) {
    return range.lo.is_zero() && range.hi.is_zero();
}

bool is_identity(const std::vector<std::int64_t>& from, std::size_t size) {
    if (from.size() != size) return false;
    for (std::size_t i = 0; i < size; ++i) {
        if (from[i] != static_cast<std::int64_t>(i)) return false;
    }
    return true;
}

// Ranges of the output's channels.
std::vector<Interval> moved_ranges(const Stream& input, const std::vector<std::int64_t>& from,
                                   std::size_t channels) {
    std::vector<std::optional<Interval>> ranges(channels);
    for (std::size_t i = 0; i < from.size(); ++i) {
        const Interval range =
            from[i] < 0 ? Interval{}
                        : input.ranges[static_cast<std::size_t>(from[i]) % input.channels()];
        std::optional<Interval>& channel = ranges[i % channels];
        channel = channel ? hull_of(*channel, range) : range;
    }
    std::vector<Interval> out;
    for (const auto& range : ranges) out.push_back(range.value_or(Interval{}));
    return out;
}

std::string describe(const Stream& input, const Stream& output) {
    return fmt::format("{} words of {} channels -> {} words of {}", input.words, input.channels(),
                       output.words, output.channels());
}

}  // namespace

int Stream::width() const {
    int width = 0;
    for (const fixed::Format& format : formats) width += format.width;
    return width;
}

Interval hull_of(const Interval& a, const Interval& b) {
    if (is_zero(a) && is_zero(b)) return {0, 0, std::min(a.frac, b.frac)};
    if (is_zero(a)) return {fixed::min(b.lo, 0), fixed::max(b.hi, 0), b.frac};
    if (is_zero(b)) return {fixed::min(a.lo, 0), fixed::max(a.hi, 0), a.frac};
    return hull(a, b);
}

std::size_t channels_of(const tensor::Shape& shape) {
    return shape.empty() ? 1 : static_cast<std::size_t>(shape.back());
}

StreamId StreamBuilder::add_stream(std::string name, tensor::Shape shape,
                                   std::vector<Interval> ranges) {
    Stream stream;
    stream.name = std::move(name);
    stream.shape = std::move(shape);
    stream.words = tensor::element_count(stream.shape) / ranges.size();
    for (const Interval& range : ranges) stream.formats.push_back(format_of(range));
    stream.ranges = std::move(ranges);
    design_.streams.push_back(std::move(stream));
    return StreamId(design_.streams.size() - 1);
}

void StreamBuilder::add_stage(Stage stage) {
    stage.name = unique_name(stage.name);
    const StageId id(design_.stages.size());
    for (std::size_t i = 0; i < stage.inputs.size(); ++i) {
        design_.streams[stage.inputs[i].stream.index()].readers.push_back({id, i});
    }
    design_.streams[stage.output.index()].producer = id;
    design_.stages.push_back(std::move(stage));
}

std::string StreamBuilder::unique_name(const std::string& name) {
    std::string unique = name;
    for (int i = 1; !names_.insert(unique).second; ++i) unique = fmt::format("{}_{}", name, i);
    return unique;
}

StreamId StreamBuilder::find_rearranged(StreamId input, const std::vector<std::int64_t>& from,
                                        std::size_t channels) const {
    for (const Stage& stage : design_.stages) {
        const auto* work = std::get_if<Rearrange>(&stage.work);
        if (work != nullptr && stage.inputs[0].stream == input &&
            design_[stage.output].channels() == channels && work->from == from) {
            return stage.output;
        }
    }
    return {};
}

StreamId StreamBuilder::rearranged(StreamId input, std::vector<std::int64_t> from,
                                   tensor::Shape shape, std::size_t channels,
                                   const std::string& name, LayerId layer) {
    const std::size_t elements = design_[input].words * design_[input].channels();
    if (design_[input].channels() == channels && is_identity(from, elements)) return input;
    if (const StreamId found = find_rearranged(input, from, channels); found.valid()) {
        return found;
    }
    return add_rearrange(input, std::move(from), std::move(shape), channels, name, layer);
}

StreamId StreamBuilder::copied(StreamId input, const std::string& name, LayerId layer) {
    const Stream& stream = design_[input];
    std::vector<std::int64_t> from(stream.words * stream.channels());
    std::iota(from.begin(), from.end(), std::int64_t{0});
    return add_rearrange(input, std::move(from), stream.shape, stream.channels(), name, layer);
}

StreamId StreamBuilder::add_rearrange(StreamId input, std::vector<std::int64_t> from,
                                      tensor::Shape shape, std::size_t channels,
                                      const std::string& name, LayerId layer) {
    std::vector<Interval> ranges = moved_ranges(design_[input], from, channels);
    Stage stage;
    stage.name = name;
    stage.layers = {layer};
    stage.inputs = {{input, {}}};
    stage.output = add_stream(name, std::move(shape), std::move(ranges));
    stage.description = "rearrange: " + describe(design_[input], design_[stage.output]);
    stage.work = Rearrange{std::move(from)};
    const StreamId output = stage.output;
    add_stage(std::move(stage));
    return output;
}

StreamId StreamBuilder::in_words(const StreamView& view, std::size_t channels,
                                 const std::string& name, LayerId layer) {
    std::vector<std::int64_t> from = view.from;
    if (from.empty()) {
        from.resize(view.size());
        std::iota(from.begin(), from.end(), std::int64_t{0});
    }
    tensor::Shape shape = view.shape;
    if (channels_of(shape) != channels) {
        shape = {static_cast<std::int64_t>(view.size() / channels),
                 static_cast<std::int64_t>(channels)};
        if (shape[0] == 1) shape.erase(shape.begin());
    }
    if (shape.empty()) shape = {1};
    return rearranged(view.stream, std::move(from), std::move(shape), channels, name, layer);
}

}  // namespace gatewright::arch
