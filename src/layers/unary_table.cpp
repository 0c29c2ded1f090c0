// SPDX-License-Identifier: Apache-2.0
#include "layers/unary_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "layers/ebops.h"
#include "layers/example_types.h"
#include "layers/real_function.h"
#include "layers/tables.h"

namespace gatewright::layers {

using fixed::Cast;
using fixed::Dyadic;
using fixed::Integer;
using fixed::Interval;
using model::Operand;
using model::Reals;
using model::TensorType;
using model::Values;

namespace {

const Cast* cast_at(const std::vector<Cast>& casts, std::size_t i) {
    if (casts.empty()) return nullptr;
    return casts.size() == 1 ? &casts[0] : &casts[i];
}

RealFunction real_function(const UnaryTable& table) {
    return {parse_function(table.function).value(), table.alpha, table.input_scale,
            table.input_offset, table.output_scale};
}

// Fraction bits that hold every explicit value.
int common_frac(const std::vector<Dyadic>& values) {
    int frac = 0;
    for (const Dyadic& value : values) frac = std::max(frac, value.frac());
    return frac;
}

int result_frac(const UnaryTable& table, std::size_t i) {
    const Cast* type = cast_at(table.type, i);
    return type != nullptr ? type->format.frac : common_frac(table.values);
}

// The function of element i, from the (already cast) input to the result's code.
CodeOf code_of(const UnaryTable& table, std::size_t i) {
    const Cast* type = cast_at(table.type, i);
    if (table.values.empty()) {
        return
            [f = real_function(table), type](const Dyadic& x) { return rounded_code(f, x, *type); };
    }
    const fixed::Format index = cast_at(table.input_type, i)->format;
    return [&table, index, type, frac = common_frac(table.values)](const Dyadic& x) {
        const Integer code = x.code_at(index.frac).low_bits(index.width);
        const Dyadic& value = table.values[static_cast<std::size_t>(code.to_int64().value())];
        return type != nullptr ? cast_code(value, *type) : value.code_at(frac);
    };
}

Status check_counts(const UnaryTable& table, std::size_t elements) {
    for (const auto& [name, casts] :
         {std::pair{"input_type", &table.input_type}, {"type", &table.type}}) {
        if (casts->size() > 1 && casts->size() != elements) {
            return fail(fmt::format("{} has {} types for {} elements; give one, or one per element",
                                    name, casts->size(), elements));
        }
    }
    if (table.values.empty()) {
        if (table.type.empty()) return fail("needs the type of its results: 'type'");
        GW_TRY_STATUS(parse_function(table.function).map([](FunctionKind) {}));
        return {};
    }
    if (!table.function.empty())
        return fail("has both a function and explicit values; give one of them");
    if (table.input_type.empty())
        return fail("explicit values need the type whose codes index them: input_type");
    for (const Cast& cast : table.input_type) {
        if (cast.format.width > 20 || table.values.size() != std::size_t{1} << cast.format.width) {
            return fail(
                fmt::format("has {} values for an input_type of {} bits; one per code is needed",
                            table.values.size(), cast.format.width));
        }
    }
    return {};
}

// The input of element i after its cast.
Interval table_input(const UnaryTable& table, const Interval& range, std::size_t i) {
    const Cast* cast = cast_at(table.input_type, i);
    return cast != nullptr ? fixed::cast(range, *cast) : range;
}

// Elements with the same types share one emitter or range finder.
template <class Maker, class Make>
Maker& maker_of(std::map<std::pair<std::string, std::string>, Maker>& makers,
                const UnaryTable& table, std::size_t i, Make make) {
    const Cast* type = cast_at(table.type, i);
    const Cast* input = cast_at(table.input_type, i);
    const std::pair key{type != nullptr ? to_string(*type) : "",
                        input != nullptr ? to_string(*input) : ""};
    const auto found = makers.find(key);
    return found != makers.end() ? found->second : makers.emplace(key, make()).first->second;
}

}  // namespace

Result<TensorType> UnaryTable::infer(std::span<const TensorType> inputs) const {
    GW_TRY_STATUS(expect_inputs(inputs, 1));
    TensorType out = inputs[0];
    GW_TRY_STATUS(check_counts(*this, out.elements.size()));
    std::map<std::pair<std::string, std::string>, TableRanges> ranges;
    for (std::size_t i = 0; i < out.elements.size(); ++i) {
        const Interval x = table_input(*this, out.elements[i], i);
        GW_TRY_STATUS(expect_tabulable(x, fmt::format("element {} of the input", i)));
        TableRanges& found = maker_of(ranges, *this, i, [&] {
            return TableRanges(code_of(*this, i), result_frac(*this, i));
        });
        out.elements[i] = found.of(x);
    }
    return out;
}

Values UnaryTable::reference(std::span<const Values> inputs) const {
    Values y = inputs[0];
    for (std::size_t i = 0; i < y.size(); ++i) {
        Dyadic x = y[i];
        if (!input_type.empty())
            x = cast_value(x, input_type.size() == 1 ? input_type[0] : input_type[i]);
        if (values.empty()) {
            const Cast& to = type.size() == 1 ? type[0] : type[i];
            y[i] = Dyadic(rounded_code(real_function(*this), x, to), -to.format.frac);
            continue;
        }
        const fixed::Format& index =
            (input_type.size() == 1 ? input_type[0] : input_type[i]).format;
        std::int64_t row = x.code_at(index.frac).to_int64().value();
        if (row < 0) row += std::int64_t{1} << index.width;
        y[i] = values[static_cast<std::size_t>(row)];
        if (!type.empty()) y[i] = cast_value(y[i], type.size() == 1 ? type[0] : type[i]);
    }
    return y;
}

// An explicit table has no function behind it: the ideal is the entry of the nearest code.
Reals UnaryTable::real(std::span<const Reals> inputs) const {
    Reals y = inputs[0];
    for (std::size_t i = 0; i < y.size(); ++i) {
        if (values.empty()) {
            y[i] = real_value(real_function(*this), y[i]);
            continue;
        }
        const fixed::Format& index = cast_at(input_type, i)->format;
        const Dyadic x = Dyadic::from_double(std::isfinite(y[i]) ? y[i] : 0.0).value();
        const Cast nearest{index, fixed::Round::kRnd, fixed::Overflow::kSat, 0};
        const Integer code = cast_code(x, nearest).low_bits(index.width);
        y[i] = values[static_cast<std::size_t>(code.to_int64().value())].to_double();
    }
    return y;
}

std::vector<dfg::ValueId> UnaryTable::lower(model::Lowering& lowering,
                                            std::span<const Operand> inputs) const {
    std::map<std::pair<std::string, std::string>, TableEmitter> emitters;
    std::vector<dfg::ValueId> y;
    for (std::size_t i = 0; i < inputs[0].values.size(); ++i) {
        const Interval known = table_input(*this, inputs[0].type.elements[i], i);
        const Cast* cast = cast_at(input_type, i);
        dfg::ValueId x = inputs[0].values[i];
        if (cast != nullptr) x = lowering.builder.cast(x, *cast);
        TableEmitter& emitter = maker_of(emitters, *this, i, [&] {
            return TableEmitter(lowering.builder, values.empty() ? function : "table",
                                code_of(*this, i), result_frac(*this, i));
        });
        y.push_back(emitter.emit(narrowed(lowering.builder, x, known), known));
    }
    return y;
}

double UnaryTable::max_error(const TensorType& input) const {
    if (!values.empty()) return 0;
    const RealFunction f = real_function(*this);
    double worst = 0;
    std::vector<std::pair<Interval, Cast>> seen;
    for (std::size_t i = 0; i < input.elements.size(); ++i) {
        const Interval x = table_input(*this, input.elements[i], i);
        const std::pair<Interval, Cast> what{x, *cast_at(type, i)};
        if (std::find(seen.begin(), seen.end(), what) != seen.end()) continue;
        seen.push_back(what);
        for (Integer code = x.lo; code <= x.hi; code += 1) {
            const Dyadic at(code, -x.frac);
            const Dyadic entry(rounded_code(f, at, what.second), -what.second.format.frac);
            const double error = std::abs(entry.to_double() - real_value(f, at.to_double()));
            if (std::isfinite(error)) worst = std::max(worst, error);
        }
    }
    return worst;
}

model::LayerFacts UnaryTable::facts(std::span<const TensorType> inputs) const {
    model::LayerFacts facts;
    const auto out = infer(inputs);
    if (!out) return facts;
    facts.max_error = max_error(inputs[0]);
    for (std::size_t i = 0; i < out->elements.size(); ++i) {
        const double in = bits_of(table_input(*this, inputs[0].elements[i], i));
        facts.ebops += std::exp2(in) * bits_of(out->elements[i]) * 1e-4;
    }
    return facts;
}

UnaryTable UnaryTable::part_at(const tensor::Shape& shape, std::size_t position) const {
    UnaryTable part = *this;
    part.input_type = entries_at(input_type, shape, position);
    part.type = entries_at(type, shape, position);
    return part;
}

std::string UnaryTable::summary() const {
    if (!values.empty()) return fmt::format("{} given values", values.size());
    return type.size() == 1 ? fmt::format("{} as {}", function, to_string(type[0])) : function;
}

std::vector<model::Example> UnaryTable::examples(Rng& rng) {
    std::vector<model::Example> out;
    for (const FunctionDoc& doc : function_docs()) {
        auto layer = std::make_unique<UnaryTable>();
        layer->function = doc.name;
        layer->type = {random_cast(rng)};
        if (rng.chance(0.5)) layer->input_type = {random_cast(rng)};
        layer->alpha = Dyadic(Integer(rng.between(-8, 8)), -2);
        layer->input_scale = random_weight(rng);
        layer->output_scale = random_weight(rng);
        if (rng.chance(0.5)) layer->input_offset = random_weight(rng);
        out.push_back({std::move(layer), {random_type(rng, {4})}});
    }
    for (const bool typed : {false, true}) {
        auto layer = std::make_unique<UnaryTable>();
        layer->input_type = {{.format = {true, 4, 1}, .overflow = fixed::Overflow::kSat}};
        for (int code = 0; code < 16; ++code) layer->values.push_back(random_weight(rng));
        if (typed) layer->type = {random_cast(rng), random_cast(rng), random_cast(rng)};
        out.push_back({std::move(layer), {random_type(rng, {3})}});
    }
    // A type per pixel and channel.
    auto per_element = std::make_unique<UnaryTable>();
    per_element->function = "tanh";
    for (int i = 0; i < 8; ++i) {
        per_element->input_type.push_back(random_cast(rng));
        per_element->type.push_back(random_cast(rng));
    }
    out.push_back({std::move(per_element), {random_type(rng, {2, 2, 2})}});
    return out;
}

}  // namespace gatewright::layers
