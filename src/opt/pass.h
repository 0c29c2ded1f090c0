// SPDX-License-Identifier: Apache-2.0
//
// The passes over dataflow programs and their manager. Every pass is a pure function on programs
// that keeps inputs, outputs, output codes and output formats; it has a name under which it can be
// switched off, timed and dumped, and it says what it saved. After each pass the program is checked
// (operand order, formats, and every claimed range proven anew), so a broken pass is named at once.
//
// The rule tables stand in the passes' headers and in docs/passes.md; every rule is proven by SMT
// in tests/unit/opt/rules_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dfg/program.h"
#include "support/json.h"
#include "support/result.h"

namespace gatewright::opt {

/// What a pass counts of itself.
struct PassCount {
    std::int64_t rewrites = 0;
};

struct Pass {
    std::string_view name;
    std::string_view summary;  ///< one line for a person
    dfg::Program (*run)(const dfg::Program& program, PassCount& count);
};

/// All passes in the order in which they run. A name may occur several times.
std::span<const Pass> dfg_passes();
/// Their names, each once, in order.
std::vector<std::string> pass_names();

/// Size of a program by the cost model (opt/node_cost.h).
struct ProgramSize {
    std::int64_t nodes = 0;          ///< operations: no inputs, no constants
    std::int64_t lut = 0;            ///< estimated
    std::int64_t cells = 0;          ///< carry-chain bits
    std::int64_t register_bits = 0;  ///< widths of all operations' results: what registers may hold
    friend bool operator==(const ProgramSize&, const ProgramSize&) = default;
};
ProgramSize size_of(const dfg::Program& program);

struct PassRecord {
    std::string name;
    std::string summary;
    std::int64_t rewrites = 0;
    ProgramSize before;
    ProgramSize after;
    double seconds = 0;
};

struct OptimizeParams {
    std::vector<std::string> only;     ///< run these passes alone; empty: all
    std::vector<std::string> without;  ///< but not these
    std::string dump_directory;        ///< one text file per pass; empty: none
};

struct OptimizeStats {
    std::vector<PassRecord> passes;
};

/// Fails for a pass name that does not exist, or a dump that cannot be written.
Result<dfg::Program> optimize(const dfg::Program& program, const OptimizeParams& params = {},
                              OptimizeStats* stats = nullptr);

/// [{pass, summary, rewrites, nodes: [before, after], lut, cells, result_bits, seconds}, ...]
Json to_json(const OptimizeStats& stats);

}  // namespace gatewright::opt
