// SPDX-License-Identifier: Apache-2.0
//
// How layers repeat over positions and move elements, for every example of every layer that says
// so: reassembling the references of its parts over all positions (zeros outside the input) gives
// the whole layer's reference, and a rearrangement's elements are those of the reference. Windows
// are read here by their definition in model/layer.h, with no code of src/layers. The last tests
// change repetitions on purpose.
#include <gtest/gtest.h>

#include "layers/registry.h"
#include "support/seed.h"

namespace gatewright {
namespace {

using fixed::Dyadic;
using fixed::Integer;
using fixed::Interval;
using model::Repetition;
using model::TensorType;
using model::Values;
using tensor::Shape;

/// Ends of the ranges, zero where it is in range, or random values.
Dyadic value_in(const Interval& range, std::size_t event, Rng& rng) {
    if (event == 0) return range.min();
    if (event == 1) return range.max();
    if (event == 2 && range.lo.sign() <= 0 && range.hi.sign() >= 0) return 0;
    const Integer span = range.hi - range.lo + 1;
    Integer random = 0;
    for (int bits = 0; bits < span.magnitude_bits() + 32; bits += 32) {
        random = (random << 32) + Integer(static_cast<std::int64_t>(rng.below(1ULL << 32U)));
    }
    return {range.lo + random - Integer::floor_divide(random, span) * span, -range.frac};
}

std::vector<Values> random_event(const std::vector<TensorType>& types, std::size_t event,
                                 Rng& rng) {
    std::vector<Values> out;
    for (const TensorType& type : types) {
        Values& values = out.emplace_back(type.shape);
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = value_in(type.elements[i], event, rng);
        }
    }
    return out;
}

Shape index_of(std::size_t flat, const Shape& shape) {
    Shape index(shape.size());
    for (std::size_t axis = shape.size(); axis-- > 0;) {
        index[axis] = static_cast<std::int64_t>(flat % static_cast<std::size_t>(shape[axis]));
        flat /= static_cast<std::size_t>(shape[axis]);
    }
    return index;
}

/// Per tap of a position the input position it reads, or nullopt outside.
std::vector<std::optional<std::size_t>> read_positions(const model::Window& window,
                                                       const Shape& positions,
                                                       std::size_t position) {
    const Shape p = index_of(position, positions);
    std::vector<std::optional<std::size_t>> out;
    for (std::size_t tap = 0; tap < tensor::element_count(window.size); ++tap) {
        const Shape t = index_of(tap, window.size);
        std::optional<std::size_t> at = 0;
        for (std::size_t i = 0; i < t.size(); ++i) {
            const std::int64_t x =
                p[i] * window.stride[i] + t[i] * window.dilation[i] - window.before[i];
            if (x < 0 || x >= window.extent[i]) at.reset();
            if (at)
                *at =
                    *at * static_cast<std::size_t>(window.extent[i]) + static_cast<std::size_t>(x);
        }
        out.push_back(at);
    }
    return out;
}

/// What input `elements` of the whole layer gives to its part: taps row-major with all channels.
template <class T>
std::vector<T> gather(const std::vector<T>& elements, const model::Window& window,
                      const Shape& positions, std::size_t position, const T& outside) {
    const std::size_t channels = elements.size() / tensor::element_count(window.extent);
    std::vector<T> out;
    for (const auto at : read_positions(window, positions, position)) {
        for (std::size_t c = 0; c < channels; ++c) {
            out.push_back(at ? elements[*at * channels + c] : outside);
        }
    }
    return out;
}

Shape line_of(std::size_t size) {
    return {static_cast<std::int64_t>(size)};
}

/// The whole output of one event, put together from the parts.
std::vector<Dyadic> reassemble(const Repetition& repetition, const std::vector<Values>& event) {
    std::vector<Dyadic> out;
    for (std::size_t p = 0; p < tensor::element_count(repetition.positions); ++p) {
        std::vector<Values> inputs;
        for (std::size_t n = 0; n < event.size(); ++n) {
            auto patch =
                gather(event[n].data, repetition.windows[n], repetition.positions, p, Dyadic(0));
            inputs.emplace_back(line_of(patch.size()), patch);
        }
        const Values y = repetition.part(p)->reference(inputs);
        EXPECT_EQ(y.shape.size(), 1U);
        out.insert(out.end(), y.data.begin(), y.data.end());
    }
    return out;
}

/// True if some event shows the parts to differ from the whole.
bool differs(const model::Example& example, const Repetition& repetition, Rng& rng) {
    for (std::size_t e = 0; e < 20; ++e) {
        const auto event = random_event(example.inputs, e, rng);
        if (reassemble(repetition, event) != example.layer->reference(event).data) return true;
    }
    return false;
}

/// Axes of size 1 are free: a sum repeats over those it drops.
Shape long_axes(Shape shape) {
    std::erase(shape, 1);
    return shape;
}

class Repetitions : public ::testing::TestWithParam<std::size_t> {
  protected:
    const model::LayerDef& def() const { return layers::all_layers()[GetParam()]; }
};

TEST_P(Repetitions, PartsOverAllPositionsAreTheWholeLayer) {
    Rng rng(testing::test_seed(5));
    for (const model::Example& example : def().examples(rng)) {
        const auto type = example.layer->infer(example.inputs);
        ASSERT_TRUE(type) << type.error().message;
        const auto repetition = example.layer->repetition(example.inputs);
        if (!repetition) continue;
        ASSERT_EQ(long_axes(repetition->positions),
                  long_axes(Shape(type->shape.begin(), type->shape.end() - 1)));
        ASSERT_EQ(repetition->windows.size(), example.inputs.size());
        for (std::size_t e = 0; e < 20; ++e) {
            const auto event = random_event(example.inputs, e, rng);
            ASSERT_EQ(reassemble(*repetition, event), example.layer->reference(event).data)
                << example.layer->attributes().dump(1);
        }
    }
}

TEST_P(Repetitions, PartsAcceptWhatTheWindowsRead) {
    Rng rng(testing::test_seed(6));
    for (const model::Example& example : def().examples(rng)) {
        const auto repetition = example.layer->repetition(example.inputs);
        if (!repetition) continue;
        const auto type = example.layer->infer(example.inputs);
        const auto channels = static_cast<std::size_t>(type->shape.back());
        for (std::size_t p = 0; p < tensor::element_count(repetition->positions); ++p) {
            std::vector<TensorType> inputs;
            for (std::size_t n = 0; n < example.inputs.size(); ++n) {
                auto ranges = gather(example.inputs[n].elements, repetition->windows[n],
                                     repetition->positions, p, Interval::constant(0));
                inputs.push_back({line_of(ranges.size()), ranges});
            }
            const auto part = repetition->part(p)->infer(inputs);
            ASSERT_TRUE(part) << part.error().message;
            ASSERT_EQ(part->shape, line_of(channels));
            for (std::size_t c = 0; c < channels; ++c) {
                EXPECT_TRUE(type->elements[p * channels + c].contains(part->elements[c]))
                    << example.layer->attributes().dump(1) << " position " << p;
            }
        }
    }
}

TEST_P(Repetitions, RearrangedElementsAreThoseOfTheReference) {
    Rng rng(testing::test_seed(7));
    for (const model::Example& example : def().examples(rng)) {
        const auto sources = example.layer->rearrangement(example.inputs);
        if (!sources) continue;
        for (std::size_t e = 0; e < 20; ++e) {
            const auto event = random_event(example.inputs, e, rng);
            const Values expected = example.layer->reference(event);
            ASSERT_EQ(sources->size(), expected.size());
            for (std::size_t i = 0; i < expected.size(); ++i) {
                const std::int64_t source = (*sources)[i];
                const Dyadic moved =
                    source < 0 ? Dyadic(0) : event[0][static_cast<std::size_t>(source)];
                ASSERT_EQ(moved, expected[i]) << example.layer->attributes().dump(1);
            }
        }
    }
}

TEST(RepetitionCoverage, LayersThatRepeatAndLayersThatMove) {
    Rng rng(testing::test_seed(8));
    std::string repeating;
    std::string moving;
    for (const model::LayerDef& def : layers::all_layers()) {
        bool repeats = false;
        bool moves = false;
        for (const model::Example& example : def.examples(rng)) {
            repeats = repeats || example.layer->repetition(example.inputs).has_value();
            moves = moves || example.layer->rearrangement(example.inputs).has_value();
        }
        if (repeats) repeating += std::string(def.kind) + " ";
        if (moves) moving += std::string(def.kind) + " ";
    }
    EXPECT_EQ(repeating,
              "quantize dense relu affine add subtract multiply maximum minimum average "
              "concatenate sum leaky_relu prelu clip hard_sigmoid hard_tanh sign square "
              "einsum_dense unary_table softmax argmax top_k_threshold conv max_pool "
              "average_pool ");
    EXPECT_EQ(moving, "reshape permute zero_pad crop upsample insert_zeros ");
}

// Every example of a kind whose repetition `change` alters; how many the comparison sees.
struct Seen {
    int changed = 0;
    int seen = 0;
};

template <class Change>
Seen mutate(std::string_view kind, Change change) {
    Rng rng(testing::test_seed(9));
    Seen out;
    for (const model::Example& example : layers::find_layer(kind)->examples(rng)) {
        auto repetition = example.layer->repetition(example.inputs);
        if (!repetition || !change(*repetition)) continue;
        ++out.changed;
        out.seen += differs(example, *repetition, rng) ? 1 : 0;
    }
    return out;
}

TEST(RepetitionMutation, AWindowShiftedByOneIsSeen) {
    const auto shift = [](Repetition& repetition) {
        repetition.windows[0].before.back() += 1;
        return true;
    };
    for (const char* kind : {"conv", "max_pool", "average_pool"}) {
        const Seen result = mutate(kind, shift);
        EXPECT_GT(result.changed, 8) << kind;
        // What is left has constant inputs, or types that give 0.
        EXPECT_GT(2 * result.seen, result.changed) << kind << " " << result.seen;
    }
}

TEST(RepetitionMutation, ThePartOfAnotherPositionIsSeen) {
    const auto rotate = [](Repetition& repetition) {
        const std::size_t count = tensor::element_count(repetition.positions);
        if (count < 2 || repetition.part(0)->attributes() == repetition.part(1)->attributes()) {
            return false;
        }
        repetition.part = [part = repetition.part, count](std::size_t p) {
            return part((p + 1) % count);
        };
        return true;
    };
    for (const char* kind : {"quantize", "affine", "average_pool", "prelu"}) {
        const Seen result = mutate(kind, rotate);
        EXPECT_GT(result.changed, 1) << kind;
        EXPECT_GT(2 * result.seen, result.changed) << kind << " " << result.seen;
    }
}

TEST(RepetitionMutation, AWrongStrideIsSeen) {
    const auto stop = [](Repetition& repetition) {
        if (repetition.positions.back() < 2) return false;
        repetition.windows[0].stride.back() = repetition.windows[0].stride.back() == 0 ? 1 : 0;
        return true;
    };
    for (const char* kind : {"conv", "dense", "max_pool", "add"}) {
        const Seen result = mutate(kind, [&](Repetition& repetition) {
            return !repetition.positions.empty() && stop(repetition);
        });
        EXPECT_GT(result.changed, 0) << kind;
        EXPECT_GT(2 * result.seen, result.changed) << kind << " " << result.seen;
    }
}

std::string kind_name(const ::testing::TestParamInfo<std::size_t>& info) {
    return std::string(layers::all_layers()[info.param].kind);
}

INSTANTIATE_TEST_SUITE_P(Layers, Repetitions,
                         ::testing::Range(std::size_t{0}, layers::all_layers().size()), kind_name);

}  // namespace
}  // namespace gatewright
