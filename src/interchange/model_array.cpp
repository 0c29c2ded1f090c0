// SPDX-License-Identifier: Apache-2.0
#include "interchange/model_array.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "support/files.h"

namespace gatewright::interchange {

using fixed::Dyadic;
using fixed::Integer;
using fixed::Interval;

namespace {

std::string excerpt(const Json& json) {
    constexpr std::size_t kLine = 60;
    const std::string text = json.dump();
    return text.size() <= kLine ? text : text.substr(0, kLine) + "...";
}

Result<Dyadic> read_number(const Json& json) {
    if (json.is_integer()) return Dyadic(Integer(json.as_integer()), 0);
    const auto value = json.is_number() ? Dyadic::from_double(json.as_number()) : std::nullopt;
    if (!value) return fail(fmt::format("{} is no finite number", excerpt(json)));
    return *value;
}

Result<Interval> range_of(const Json& min, const Json& max, const Json& step) {
    GW_TRY(const Dyadic lo, read_number(min));
    GW_TRY(const Dyadic hi, read_number(max));
    GW_TRY(const Dyadic unit, read_number(step));
    if (unit.mantissa() != 1) return fail("its step is no power of two");
    const auto on_grid = [&](const Dyadic& x) { return x.is_zero() || x.frac() <= unit.frac(); };
    if (!on_grid(lo) || !on_grid(hi) || hi < lo) {
        return fail("min and max must be multiples of the step, min not above max");
    }
    return Interval{lo.code_at(unit.frac()), hi.code_at(unit.frac()), unit.frac()};
}

Result<SlotTable> read_table(const Json& json) {
    GW_TRY(const Json* spec, json.get_object("spec"));
    GW_TRY(const Json* range, spec->get_object("out_qint"));
    const Json* min = range->find("min");
    const Json* max = range->find("max");
    const Json* step = range->find("step");
    if (min == nullptr || max == nullptr || step == nullptr)
        return fail("'out_qint' needs min, max and step");
    const auto interval = range_of(*min, *max, *step);
    if (!interval) return fail_in("'out_qint'", interval.error());
    GW_TRY(std::vector<std::int64_t> codes, json.get_integers("table"));
    const fixed::Format format = format_of(*interval);
    SlotTable out{{}, interval->frac};
    for (const std::int64_t code : codes) {
        if (code < std::numeric_limits<std::int32_t>::min() ||
            code > std::numeric_limits<std::int32_t>::max()) {
            return fail(fmt::format("entry {} does not fit 32 bits", code));
        }
        out.codes.push_back(*format.wrap(code).to_int64());
    }
    return out;
}

Json write_table(const SlotTable& table, int width) {
    const auto [lo, hi] = std::minmax_element(table.codes.begin(), table.codes.end());
    std::string bytes;
    for (const std::int64_t code : table.codes) {
        const auto word = static_cast<std::uint32_t>(code);
        for (unsigned k = 0; k < 32; k += 8) bytes += static_cast<char>((word >> k) & 0xFFU);
    }
    const Json range = write_range({*lo, *hi, table.frac});
    Json out_range = Json::object();
    out_range.set("min", range.as_array()[0]).set("max", range.as_array()[1]);
    out_range.set("step", range.as_array()[2]);
    Json spec = Json::object();
    spec.set("hash", sha256_hex(bytes + std::to_string(table.frac)));
    spec.set("out_qint", std::move(out_range)).set("inp_width", width);
    Json out = Json::object();
    out.set("spec", std::move(spec)).set("table", Json::array_of(table.codes));
    return out;
}

// Widths of the slots that read each table.
std::vector<int> table_widths(const SlotProgram& program) {
    std::vector<int> widths(program.tables.size(), 0);
    for (const SlotOp& op : program.ops) {
        if (op.opcode != Opcode::kTable) continue;
        const SlotOp& source = program.ops[static_cast<std::size_t>(op.operands[0].slot)];
        widths[static_cast<std::size_t>(op.index)] = source.format().width;
    }
    return widths;
}

enum Field : std::size_t {
    kShape,
    kInputShifts,
    kOutputSlots,
    kOutputShifts,
    kOutputNegations,
    kOps,
    kCarrySize,
    kAdderSize,
    kTables
};

Status read_ports(const Json& json, SlotProgram& out) {
    const Json::Array& fields = json.as_array();
    GW_TRY_STATUS(expect_array(fields[kShape], "the shape (field 0)", 2, 2));
    GW_TRY(const std::int64_t inputs, read_integer(fields[kShape], 0, "inputs", 0, kMostSlots));
    GW_TRY(const std::int64_t outputs, read_integer(fields[kShape], 1, "outputs", 0, kMostSlots));
    const auto n_in = static_cast<std::size_t>(inputs);
    const auto n_out = static_cast<std::size_t>(outputs);
    GW_TRY_STATUS(expect_array(fields[kInputShifts], "the input shifts (field 1)", n_in, n_in));
    GW_TRY_STATUS(expect_array(fields[kOutputSlots], "the output slots (field 2)", n_out, n_out));
    GW_TRY_STATUS(expect_array(fields[kOutputShifts], "the output shifts (field 3)", n_out, n_out));
    GW_TRY_STATUS(
        expect_array(fields[kOutputNegations], "the output signs (field 4)", n_out, n_out));
    constexpr std::int64_t kShift = kMostShiftInFile;
    for (std::size_t i = 0; i < n_in; ++i) {
        GW_TRY(const std::int64_t shift,
               read_integer(fields[kInputShifts], i, "input shift", -kShift, kShift));
        out.input_shifts.push_back(static_cast<int>(shift));
    }
    for (std::size_t j = 0; j < n_out; ++j) {
        GW_TRY(const std::int64_t slot,
               read_integer(fields[kOutputSlots], j, "output slot", -1, kMostSlots));
        GW_TRY(const std::int64_t shift,
               read_integer(fields[kOutputShifts], j, "output shift", -kShift, kShift));
        const Json& sign = fields[kOutputNegations].as_array()[j];
        const bool number = sign.is_integer() && (sign.as_integer() == 0 || sign.as_integer() == 1);
        if (!sign.is_bool() && !number) {
            return fail(
                fmt::format("output sign {} is {}, expected true or false", j, excerpt(sign)));
        }
        const bool negate = number ? sign.as_integer() == 1 : sign.as_bool();
        out.outputs.push_back({static_cast<std::int32_t>(slot), static_cast<int>(shift), negate});
    }
    return {};
}

}  // namespace

Result<Interval> read_range(const Json& json) {
    GW_TRY_STATUS(expect_array(json, "a range [min, max, step]", 3, 3));
    const Json::Array& ends = json.as_array();
    auto range = range_of(ends[0], ends[1], ends[2]);
    if (!range) return fail_in("range " + excerpt(json), range.error());
    return range;
}

Json write_range(const Interval& range) {
    return Json::Array{range.min().to_double(), range.max().to_double(),
                       Dyadic(1, -range.frac).to_double()};
}

Status expect_array(const Json& json, std::string_view what, std::size_t least, std::size_t most) {
    if (!json.is_array()) {
        return fail(
            fmt::format("{} is {} ({}), expected an array", what, excerpt(json), json.type_name()));
    }
    const std::size_t size = json.as_array().size();
    if (size >= least && size <= most) return {};
    const std::string wanted =
        least == most ? std::to_string(least) : fmt::format("{} to {}", least, most);
    return fail(fmt::format("{} has {} elements, expected {}", what, size, wanted));
}

Result<std::int64_t> read_integer(const Json& array, std::size_t index, std::string_view what,
                                  std::int64_t lo, std::int64_t hi) {
    const bool exists = array.is_array() && index < array.as_array().size();
    if (!exists) return fail(fmt::format("{} is missing", what));
    const Json& value = array.as_array()[index];
    if (!value.is_integer() || value.as_integer() < lo || value.as_integer() > hi) {
        return fail(
            fmt::format("{} is {}, expected an integer in [{}, {}]", what, excerpt(value), lo, hi));
    }
    return value.as_integer();
}

Result<SlotProgram> read_model_array(const Json& json,
                                     const std::function<Result<SlotOp>(const Json&)>& read_op) {
    GW_TRY_STATUS(expect_array(json, "the program", 8, 9));
    const Json::Array& fields = json.as_array();
    SlotProgram out;
    GW_TRY_STATUS(read_ports(json, out));
    GW_TRY_STATUS(expect_array(fields[kOps], "the list of ops (field 5)", 0, kMostSlots));
    const Json::Array& ops = fields[kOps].as_array();
    for (std::size_t i = 0; i < ops.size(); ++i) {
        auto op = read_op(ops[i]);
        if (!op) return fail_in(fmt::format("op {}: {}", i, excerpt(ops[i])), op.error());
        out.ops.push_back(std::move(*op));
    }
    if (fields.size() > kTables && !fields[kTables].is_null()) {
        GW_TRY_STATUS(expect_array(fields[kTables], "the list of tables (field 8)", 0, kMostSlots));
        for (const Json& entry : fields[kTables].as_array()) {
            auto table = read_table(entry);
            if (!table) return fail_in(fmt::format("table {}", out.tables.size()), table.error());
            out.tables.push_back(std::move(*table));
        }
    }
    GW_TRY_STATUS(check(out));
    return out;
}

Json write_model_array(const SlotProgram& program, Json::Array ops,
                       const std::vector<std::int32_t>& places) {
    Json::Array slots;
    Json::Array shifts;
    Json::Array negations;
    for (const SlotOutput& output : program.outputs) {
        slots.emplace_back(output.slot < 0 ? -1 : places[static_cast<std::size_t>(output.slot)]);
        shifts.emplace_back(output.shift);
        negations.emplace_back(output.negate);
    }
    Json::Array array = {Json::Array{program.input_shifts.size(), program.outputs.size()},
                         Json::array_of(program.input_shifts),
                         std::move(slots),
                         std::move(shifts),
                         std::move(negations),
                         std::move(ops),
                         -1,
                         -1};
    if (!program.tables.empty()) {
        const std::vector<int> widths = table_widths(program);
        Json::Array tables;
        for (std::size_t i = 0; i < program.tables.size(); ++i)
            tables.push_back(write_table(program.tables[i], widths[i]));
        array.emplace_back(std::move(tables));
    }
    return array;
}

}  // namespace gatewright::interchange
