// SPDX-License-Identifier: Apache-2.0
#include "frontends/averages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "fixed/interval.h"
#include "layers/quantize.h"

namespace gatewright::frontends {

using fixed::Cast;
using fixed::Interval;

namespace {

/// Fraction bits beyond those of the sums, while the quantizers are not known.
constexpr int kWorkingBits = 24;

Cast nearest(const OpenAverage& average, int fraction) {
    const int width = std::max(average.integer_bits + fraction, 0) + 1;
    return {{true, width, fraction}, fixed::Round::kRnd, fixed::Overflow::kSat, 0};
}

/// Layers whose outputs are elements of their inputs, constants, or a maximum or minimum of them.
bool only_selects(std::string_view kind) {
    constexpr std::array kKinds = {"reshape",  "permute",  "zero_pad",    "crop",
                                   "upsample", "relu",     "concatenate", "maximum",
                                   "minimum",  "max_pool", "clip",        "insert_zeros"};
    return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

const std::vector<Cast>& type_of(const model::GraphNode& node) {
    return static_cast<const layers::Quantize&>(*node.layer).type;
}

/// Everything that reads a node, through layers that only select.
struct Readers {
    std::vector<std::size_t> quantizers;
    bool only_reshapes = true;
    std::string other;  ///< a reader that needs an exact value, in words; empty: none
};

Readers readers_of(const model::Graph& graph, std::size_t start) {
    Readers out;
    std::vector<std::size_t> sources = {start};
    for (std::size_t next = 0; next < sources.size(); ++next) {
        const LayerId source(sources[next]);
        for (const LayerId output : graph.outputs()) {
            if (output == source) out.other = "the model's output";
        }
        for (std::size_t id = 0; id < graph.size(); ++id) {
            const model::GraphNode& node = graph.nodes()[id];
            if (std::count(node.inputs.begin(), node.inputs.end(), source) == 0) continue;
            const std::string_view kind = node.layer->kind();
            if (kind == layers::Quantize::kKind) {
                out.quantizers.push_back(id);
            } else if (only_selects(kind)) {
                out.only_reshapes = out.only_reshapes && kind == "reshape";
                if (std::find(sources.begin(), sources.end(), id) == sources.end())
                    sources.push_back(id);
            } else {
                out.other = fmt::format("'{}' ({})", node.name, kind);
            }
        }
    }
    return out;
}

}  // namespace

std::optional<OpenAverage> open_average(layers::AveragePool& layer,
                                        const model::TensorType& input) {
    if (!layer.type.empty() || input.elements.empty()) return std::nullopt;
    if (layer.infer(std::vector<model::TensorType>{input})) return std::nullopt;
    Interval all = input.elements.front();
    for (const Interval& element : input.elements) all = fixed::hull(all, element);
    const fixed::Format format = fixed::format_of(fixed::scaled(all, layer.scale));
    OpenAverage out;
    out.integer_bits = format.magnitude_bits() - format.frac;
    out.fraction = format.frac;
    out.taps = 1;
    for (std::size_t axis = 0; axis + 1 < input.shape.size(); ++axis) {
        out.taps *= axis < layer.size.size() ? layer.size[axis] : input.shape[axis];
    }
    out.divisor_bits = static_cast<int>(
        std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(out.taps - 1, 0))));
    layer.type = {nearest(out, out.fraction + kWorkingBits + out.divisor_bits)};
    return out;
}

void settle_averages(model::Graph& graph, const OpenAverages& open, Problems& problems) {
    for (const auto& [id, average] : open) {
        model::GraphNode& node = graph.nodes()[id];
        const Readers readers = readers_of(graph, id);
        if (!readers.other.empty() || readers.quantizers.empty()) {
            problems.add(fmt::format(
                "layer '{}': the mean over {} positions has no exact binary value and is read "
                "unrounded by {}; put a quantizer behind it or give its type, for example\n"
                "      [precision.layers.{}]\n"
                "      result = \"fixed<16,6,RND,SAT>\"",
                node.origin, average.taps, readers.other.empty() ? "no layer" : readers.other,
                node.origin));
            continue;
        }
        auto& layer = static_cast<layers::AveragePool&>(*node.layer);
        const std::vector<Cast>& first = type_of(graph.nodes()[readers.quantizers.front()]);
        bool same = readers.only_reshapes;
        int fraction = average.fraction;
        for (const std::size_t quantizer : readers.quantizers) {
            const std::vector<Cast>& type = type_of(graph.nodes()[quantizer]);
            same = same && type == first;
            for (const Cast& cast : type) fraction = std::max(fraction, cast.format.frac + 1);
        }
        layer.type =
            same ? first : std::vector<Cast>{nearest(average, fraction + average.divisor_bits)};
    }
}

}  // namespace gatewright::frontends
