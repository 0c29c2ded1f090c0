// SPDX-License-Identifier: Apache-2.0
#include "layers/softmax.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "layers/ebops.h"
#include "layers/emit.h"
#include "layers/example_types.h"
#include "layers/plain_loops.h"
#include "layers/pointwise.h"
#include "layers/real_function.h"
#include "layers/shapes.h"
#include "layers/tables.h"

namespace gatewright::layers {

using fixed::Dyadic;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

using fixed::Cast;
using fixed::Integer;

namespace {

RealFunction exponential(const Softmax& layer) {
    const Dyadic& scale = layer.exp_scale;
    return {.kind = FunctionKind::kExp, .input_scale = layer.subtract_max ? -scale : scale};
}

RealFunction reciprocal(const Softmax& layer) {
    return {.kind = FunctionKind::kReciprocal, .input_offset = layer.inverse_epsilon};
}

CodeOf exponential_code(const Softmax& layer) {
    return [f = exponential(layer), type = layer.exp_type[0]](const Dyadic& d) {
        return rounded_code(f, d, type);
    };
}

CodeOf reciprocal_code(const Softmax& layer) {
    return [f = reciprocal(layer), type = layer.inverse_type[0]](const Dyadic& s) {
        return rounded_code(f, s, type);
    };
}

Interval cast_if(const Interval& range, const std::vector<Cast>& cast) {
    return cast.empty() ? range : fixed::cast(range, cast[0]);
}

dfg::ValueId cast_if(dfg::Builder& b, dfg::ValueId x, const std::vector<Cast>& cast) {
    return cast.empty() ? x : b.cast(x, cast[0]);
}

Dyadic cast_if(const Dyadic& x, const std::vector<Cast>& cast) {
    return cast.empty() ? x : cast_value(x, cast[0]);
}

// Exact ranges of every intermediate of one line.
struct LineRanges {
    std::vector<Interval> difference;  // before the cast
    std::vector<Interval> index;       // after the cast: input of the exponential table
    std::vector<Interval> exponential;
    Interval sum;  // after the cast: input of the reciprocal table
    Interval inverse;
    std::vector<Interval> result;
};

// max_j x_j - x_i lies in [0, largest top - own bottom], and above 0 where another element always
// wins.
std::vector<Interval> difference_ranges(const Softmax& layer, const std::vector<Interval>& x) {
    std::vector<Interval> out;
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (!layer.subtract_max) {
            out.push_back(x[i]);
            continue;
        }
        Interval range{0, 0, x[i].frac};  // the element against itself
        for (std::size_t j = 0; j < x.size(); ++j) {
            if (j != i) range = fixed::max(range, x[j] - x[i]);
        }
        out.push_back(std::move(range));
    }
    return out;
}

// One element is the maximum, with difference 0: the sum is at least its exponential plus the least
// of the others.
Integer least_sum(const Softmax& layer, const LineRanges& line, const Integer& total_lo,
                  const Integer& at_zero) {
    if (!layer.subtract_max) return total_lo;
    std::optional<Integer> gain;
    for (std::size_t i = 0; i < line.difference.size(); ++i) {
        if (line.difference[i].lo.sign() > 0) continue;
        const Integer own = at_zero - line.exponential[i].lo;
        if (!gain || own < *gain) gain = own;
    }
    return gain ? total_lo + *gain : total_lo;
}

/// Finds the ranges of lines; tables alike are tried once.
class LineAnalysis {
  public:
    explicit LineAnalysis(const Softmax& layer)
        : layer_(layer),
          exponentials_(exponential_code(layer), layer.exp_type[0].format.frac),
          reciprocals_(reciprocal_code(layer), layer.inverse_type[0].format.frac) {}

    Result<LineRanges> analyse(const std::vector<Interval>& x) {
        LineRanges line;
        line.difference = difference_ranges(layer_, x);
        const int frac = layer_.exp_type[0].format.frac;
        Interval sum{0, 0, frac};
        for (const Interval& difference : line.difference) {
            line.index.push_back(cast_if(difference, layer_.difference_type));
            GW_TRY_STATUS(expect_tabulable(line.index.back(),
                                           "the exponential's input (cast it by difference_type)"));
            line.exponential.push_back(exponentials_.of(line.index.back()));
            sum = sum + line.exponential.back();
        }
        sum.lo = least_sum(layer_, line, sum.lo, exponential_code(layer_)(0));
        line.sum = cast_if(sum, layer_.sum_type);
        GW_TRY_STATUS(expect_tabulable(line.sum, "the sum of exponentials (cast it by sum_type)"));
        line.inverse = reciprocals_.of(line.sum);
        for (const Interval& e : line.exponential)
            line.result.push_back(cast_if(e * line.inverse, layer_.type));
        return line;
    }

  private:
    const Softmax& layer_;
    TableRanges exponentials_;
    TableRanges reciprocals_;
};

std::vector<Interval> gather(const std::vector<Interval>& elements,
                             const std::vector<std::size_t>& line) {
    std::vector<Interval> out;
    for (const std::size_t i : line) out.push_back(elements[i]);
    return out;
}

/// Emits lines; tables alike are made once.
class LineEmitter {
  public:
    LineEmitter(const Softmax& layer, dfg::Builder& builder)
        : layer_(layer),
          b_(builder),
          exponentials_(builder, "exp", exponential_code(layer), layer.exp_type[0].format.frac),
          reciprocals_(builder, "reciprocal", reciprocal_code(layer),
                       layer.inverse_type[0].format.frac) {}

    std::vector<dfg::ValueId> emit(const std::vector<dfg::ValueId>& x, const LineRanges& line) {
        const auto largest = [&](dfg::ValueId p, dfg::ValueId q) { return b_.max(p, q); };
        const auto plus = [&](dfg::ValueId p, dfg::ValueId q) { return b_.add(p, q); };
        const dfg::ValueId top = layer_.subtract_max ? balanced_tree(x, largest) : x[0];
        std::vector<dfg::ValueId> exponentials;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const dfg::ValueId difference =
                layer_.subtract_max ? narrowed(b_, b_.sub(top, x[i]), line.difference[i]) : x[i];
            const dfg::ValueId index = cast_if(b_, difference, layer_.difference_type);
            exponentials.push_back(
                exponentials_.emit(narrowed(b_, index, line.index[i]), line.index[i]));
        }
        const dfg::ValueId sum = cast_if(b_, balanced_tree(exponentials, plus), layer_.sum_type);
        const dfg::ValueId inverse = reciprocals_.emit(narrowed(b_, sum, line.sum), line.sum);
        std::vector<dfg::ValueId> y;
        for (const dfg::ValueId e : exponentials)
            y.push_back(cast_if(b_, b_.mul(e, inverse), layer_.type));
        return y;
    }

  private:
    const Softmax& layer_;
    dfg::Builder& b_;
    TableEmitter exponentials_;
    TableEmitter reciprocals_;
};

Status check_types(const Softmax& layer) {
    if (layer.exp_type.size() != 1 || layer.inverse_type.size() != 1) {
        return fail("needs exp_type and inverse_type, one type each (or winner_only)");
    }
    for (const auto* optional : {&layer.difference_type, &layer.sum_type, &layer.type}) {
        if (optional->size() > 1) return fail("takes one type per step, not one per element");
    }
    return {};
}

}  // namespace

Result<TensorType> Softmax::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    TensorType out = inputs[0];
    GW_TRY(const std::size_t along, resolve_axis(axis, out.shape));
    if (winner_only) return out;
    GW_TRY_STATUS(check_types(*this));
    LineAnalysis analysis(*this);
    for (const auto& line : lines_along(out.shape, along)) {
        GW_TRY(const LineRanges ranges, analysis.analyse(gather(inputs[0].elements, line)));
        for (std::size_t i = 0; i < line.size(); ++i) out.elements[line[i]] = ranges.result[i];
    }
    return out;
}

Values Softmax::reference(std::span<const Values> inputs) const {
    const Values& x = inputs[0];
    if (winner_only) return x;
    const std::size_t along = axis_of(axis, x.shape);
    Values y(x.shape);
    for_each_index(x.shape, [&](const std::vector<std::int64_t>& index) {
        std::vector<std::int64_t> other = index;
        const auto element = [&](std::int64_t j) -> const Dyadic& {
            other[along] = j;
            return element_at(x, other);
        };
        Dyadic top = element(0);
        for (std::int64_t j = 1; j < x.shape[along]; ++j) top = std::max(top, element(j));
        const auto exponential_of = [&](std::int64_t j) {
            const Dyadic d = cast_if(subtract_max ? top - element(j) : element(j), difference_type);
            return Dyadic(rounded_code(exponential(*this), d, exp_type[0]),
                          -exp_type[0].format.frac);
        };
        Dyadic sum;
        for (std::int64_t j = 0; j < x.shape[along]; ++j) sum += exponential_of(j);
        sum = cast_if(sum, sum_type);
        const Dyadic inverse(rounded_code(reciprocal(*this), sum, inverse_type[0]),
                             -inverse_type[0].format.frac);
        y[flat_index(x.shape, index)] = cast_if(exponential_of(index[along]) * inverse, type);
    });
    return y;
}

Reals Softmax::real(std::span<const Reals> inputs) const {
    const Reals& x = inputs[0];
    if (winner_only) return x;
    const std::size_t along = axis_of(axis, x.shape);
    Reals y(x.shape);
    for_each_index(x.shape, [&](const std::vector<std::int64_t>& index) {
        std::vector<std::int64_t> other = index;
        const double own = element_at(x, index);
        double sum = 0;
        for (std::int64_t j = 0; j < x.shape[along]; ++j) {
            other[along] = j;
            sum += std::exp(exp_scale.to_double() * (element_at(x, other) - own));
        }
        y[flat_index(x.shape, index)] = 1 / sum;
    });
    return y;
}

std::vector<dfg::ValueId> Softmax::lower(model::Lowering& lowering,
                                         std::span<const Operand> inputs) const {
    const Operand& x = inputs[0];
    std::vector<dfg::ValueId> y(x.values.begin(), x.values.end());
    if (winner_only) return y;
    LineAnalysis analysis(*this);
    LineEmitter emitter(*this, lowering.builder);
    for (const auto& line : lines_along(x.type.shape, resolve_axis(axis, x.type.shape).value())) {
        const LineRanges ranges = analysis.analyse(gather(x.type.elements, line)).value();
        std::vector<dfg::ValueId> logits;
        for (const std::size_t i : line) logits.push_back(x.values[i]);
        const std::vector<dfg::ValueId> part = emitter.emit(logits, ranges);
        for (std::size_t i = 0; i < line.size(); ++i) y[line[i]] = part[i];
    }
    return y;
}

model::LayerFacts Softmax::facts(std::span<const TensorType> inputs) const {
    model::LayerFacts facts;
    if (winner_only || !infer(inputs)) return facts;
    LineAnalysis analysis(*this);
    for (const auto& line :
         lines_along(inputs[0].shape, resolve_axis(axis, inputs[0].shape).value())) {
        const LineRanges ranges = analysis.analyse(gather(inputs[0].elements, line)).value();
        const double inverse = bits_of(ranges.inverse);
        facts.ebops += std::exp2(bits_of(ranges.sum)) * inverse * 1e-4;
        for (std::size_t i = 0; i < line.size(); ++i) {
            const double e = bits_of(ranges.exponential[i]);
            facts.ebops += std::exp2(bits_of(ranges.index[i])) * e * 1e-4 + 0.65 * e + e * inverse;
        }
    }
    return facts;
}

std::optional<model::Repetition> Softmax::repetition(std::span<const TensorType> inputs) const {
    return line_repetition(inputs, *this);
}

std::string Softmax::summary() const {
    if (winner_only) return "order only: the logits themselves";
    return fmt::format("exp {}, 1/sum {}", exp_type.empty() ? "?" : to_string(exp_type[0]),
                       inverse_type.empty() ? "?" : to_string(inverse_type[0]));
}

std::vector<model::Example> Softmax::examples(Rng& rng) {
    const Cast unit{{false, 9, 8}, fixed::Round::kRndConv, fixed::Overflow::kSat, 0};
    std::vector<model::Example> out;
    for (unsigned options = 0; options < 32; ++options) {
        auto layer = std::make_unique<Softmax>();
        layer->winner_only = options == 31;
        layer->subtract_max = options % 8 != 7;
        layer->exp_type = {options % 2 == 0 ? unit : random_cast(rng)};
        layer->inverse_type = {options % 3 == 0 ? unit : random_cast(rng)};
        if ((options & 4U) != 0) layer->difference_type = {random_cast(rng)};
        if ((options & 8U) != 0) layer->sum_type = {random_cast(rng)};
        if ((options & 16U) != 0) layer->type = {random_cast(rng)};
        if (options % 5 == 0) layer->exp_scale = Dyadic(3, -2);
        if (options % 4 == 1) layer->inverse_epsilon = *Dyadic::from_double(1e-7);
        const tensor::Shape shapes[] = {{5}, {2, 1, 1}, {2, 2, 3}, {3, 2}};
        layer->axis = options % 4 == 3 ? 0 : -1;
        TensorType x{shapes[options % 4], {}};
        for (std::size_t i = 0; i < tensor::element_count(x.shape); ++i) {
            const int width = static_cast<int>(rng.between(0, 6));
            x.elements.push_back(
                Interval::of({rng.chance(0.7), width, static_cast<int>(rng.between(0, 4))}));
        }
        out.push_back({std::move(layer), {std::move(x)}});
    }
    return out;
}

}  // namespace gatewright::layers
