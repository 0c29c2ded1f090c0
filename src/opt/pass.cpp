// SPDX-License-Identifier: Apache-2.0
#include "opt/pass.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "dfg/affine.h"
#include "dfg/text.h"
#include "opt/cones.h"
#include "opt/copier.h"
#include "opt/decisions.h"
#include "opt/demanded_bits.h"
#include "opt/dfg_passes.h"
#include "opt/extrema.h"
#include "opt/narrowing.h"
#include "opt/node_cost.h"
#include "opt/rounding.h"
#include "opt/table_sharing.h"
#include "support/check.h"
#include "support/files.h"
#include "support/stopwatch.h"

namespace gatewright::opt {
namespace {

using dfg::Program;

Program run_simplify(const Program& program, PassCount& count) {
    SimplifyStats stats;
    Program out = simplify(program, {}, &stats);
    count.rewrites = static_cast<std::int64_t>(stats.nodes_before - stats.nodes_after);
    return out;
}

// A simplify after a pass takes out the casts with which the pass kept formats, and finds what the
// pass has made equal or narrow.
constexpr std::array kPasses = {
    Pass{"simplify", "exact ranges, constants, equal operations shared across layers",
         run_simplify},
    Pass{"rounding", "rounding constants into sums, relu and saturation as one decision",
         fold_rounding},
    Pass{"decisions", "comparisons and choices that a bit or a range decides", simplify_decisions},
    Pass{"extrema", "minimum and maximum trees balanced, operands that never win removed",
         balance_extrema},
    Pass{"known-bits", "bits that are always 0, 1 or a copy of the sign are not computed",
         narrow_by_known_bits},
    Pass{"simplify", "exact ranges, constants, equal operations shared across layers",
         run_simplify},
    Pass{"tables", "cones of few input bits as truth tables, where that needs fewer LUTs",
         cones_to_tables},
    Pass{"simplify", "exact ranges, constants, equal operations shared across layers",
         run_simplify},
    Pass{"shared-tables", "tables of one index that hold the same curve, scaled or shifted, as one",
         share_tables},
    Pass{"known-bits", "bits that are always 0, 1 or a copy of the sign are not computed",
         narrow_by_known_bits},
    Pass{"simplify", "exact ranges, constants, equal operations shared across layers",
         run_simplify},
    Pass{"demanded-bits", "high bits that no reader looks at are not computed",
         drop_undemanded_bits},
};

Status check_names(const std::vector<std::string>& names) {
    const std::vector<std::string> known = pass_names();
    for (const std::string& name : names) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            return fail(fmt::format("there is no pass '{}'; the passes are {}", name,
                                    fmt::join(known, ", ")));
        }
    }
    return {};
}

bool is_wanted(const OptimizeParams& params, std::string_view name) {
    const auto has = [&](const std::vector<std::string>& names) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    return (params.only.empty() || has(params.only)) && !has(params.without);
}

Status dump(const OptimizeParams& params, std::size_t number, std::string_view name,
            const Program& program) {
    if (params.dump_directory.empty()) return {};
    std::error_code error;
    std::filesystem::create_directories(params.dump_directory, error);
    return write_file(fmt::format("{}/{:02}_{}.dfg", params.dump_directory, number, name),
                      dfg::to_text(program));
}

void check_result(const Program& before, const Program& after, std::string_view name) {
    const auto valid = dfg::verify_ranges(after);
    GW_CHECK(valid.has_value(),
             fmt::format("pass '{}': {}", name, valid ? "" : valid.error().message));
    GW_CHECK(before.inputs().size() == after.inputs().size() &&
                 before.outputs().size() == after.outputs().size(),
             fmt::format("pass '{}' changed the interface", name));
    for (std::size_t i = 0; i < before.outputs().size(); ++i) {
        GW_CHECK(before[before.outputs()[i]].format == after[after.outputs()[i]].format,
                 fmt::format("pass '{}' changed the format of output {}", name, i));
    }
}

}  // namespace

std::span<const Pass> dfg_passes() {
    return kPasses;
}

std::vector<std::string> pass_names() {
    std::vector<std::string> names;
    for (const Pass& pass : kPasses) {
        if (std::find(names.begin(), names.end(), pass.name) == names.end()) {
            names.emplace_back(pass.name);
        }
    }
    return names;
}

ProgramSize size_of(const Program& program) {
    ProgramSize size;
    const std::vector<bool> needed = needed_values(program);
    for (std::size_t i = 0; i < program.size(); ++i) {
        const dfg::Node& node = program.nodes()[i];
        if (!needed[i] || node.op == dfg::Op::kInput || node.op == dfg::Op::kConstant) continue;
        const NodeCost cost = node_cost(program, node);
        ++size.nodes;
        size.lut += cost.lut;
        size.cells += cost.cells;
        size.register_bits += node.format.width;
    }
    return size;
}

Result<Program> optimize(const Program& program, const OptimizeParams& params,
                         OptimizeStats* stats) {
    GW_TRY_STATUS(check_names(params.only));
    GW_TRY_STATUS(check_names(params.without));
    GW_TRY_STATUS(dump(params, 0, "input", program));
    Program now = program;
    std::size_t number = 0;
    for (const Pass& pass : kPasses) {
        ++number;
        if (!is_wanted(params, pass.name)) continue;
        const Stopwatch watch;
        PassCount count;
        PassRecord record{
            std::string(pass.name), std::string(pass.summary), 0, size_of(now), {}, 0};
        Program next = pass.run(now, count);
        check_result(now, next, pass.name);
        now = std::move(next);
        record.rewrites = count.rewrites;
        record.after = size_of(now);
        record.seconds = watch.seconds();
        if (stats != nullptr) stats->passes.push_back(std::move(record));
        GW_TRY_STATUS(dump(params, number, pass.name, now));
    }
    return now;
}

Json to_json(const OptimizeStats& stats) {
    Json rows = Json::array();
    for (const PassRecord& record : stats.passes) {
        Json row = Json::object();
        row.set("pass", record.name).set("summary", record.summary);
        row.set("rewrites", record.rewrites);
        const auto pair = [&](const char* key, std::int64_t before, std::int64_t after) {
            Json both = Json::array();
            both.push_back(before);
            both.push_back(after);
            row.set(key, std::move(both));
        };
        pair("nodes", record.before.nodes, record.after.nodes);
        pair("lut", record.before.lut, record.after.lut);
        pair("cells", record.before.cells, record.after.cells);
        pair("result_bits", record.before.register_bits, record.after.register_bits);
        row.set("seconds", record.seconds);
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace gatewright::opt
