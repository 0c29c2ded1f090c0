// SPDX-License-Identifier: Apache-2.0
#include "frontends/program/program.h"

#include "dfg/text.h"
#include "interchange/from_dataflow.h"
#include "interchange/program_file.h"
#include "interchange/to_dataflow.h"
#include "layers/input.h"
#include "layers/program.h"
#include "support/files.h"

namespace gatewright::frontends {
namespace {

bool is_json_or_gzip(std::string_view bytes) {
    const std::size_t first = bytes.find_first_not_of(" \t\r\n");
    const char mark = first == std::string_view::npos ? '\0' : bytes[first];
    return mark == '{' || mark == '[' || mark == '\x1f';
}

Result<interchange::SlotProgram> parse(std::string_view bytes) {
    if (is_json_or_gzip(bytes)) return interchange::parse_slot_program(bytes);
    GW_TRY(const dfg::Program program, dfg::parse_text(bytes));
    return interchange::from_dataflow(program);
}

}  // namespace

Result<ImportedModel> import_program(const std::string& path, const ImportParams& params) {
    GW_TRY(const std::string bytes, read_file(path));
    auto program = parse(bytes);
    if (!program) return fail_in(path, program.error());
    const auto inputs = static_cast<std::int64_t>(program->input_shifts.size());
    if (inputs == 0 || program->outputs.empty()) {
        return fail(path + ": has no inputs or no outputs, so there is no design to make");
    }
    layers::Input input;
    input.shape = {inputs};
    if (params.input_type) {
        input.type = {*params.input_type};
    } else {
        for (const fixed::Interval& range : interchange::input_ranges(*program))
            input.type.push_back({format_of(range)});
    }
    layers::SlotProgramLayer layer;
    layer.program = std::move(*program);
    ImportedModel out;
    out.graph.format = "program";
    const LayerId x = out.graph.add("x", "x", std::move(input), {});
    out.graph.add_output(out.graph.add("program", "program", std::move(layer), {x}));
    return out;
}

}  // namespace gatewright::frontends
