// SPDX-License-Identifier: Apache-2.0
//
// A design as the emulator needs it: ports and the function between them, without its hardware. The
// function is one dataflow program, or, of a streamed or folded design, its stages. A design
// directory stores both (design.json and dataflow.txt or stages.json), so that running a design in
// software solves nothing again: loading takes milliseconds. A native model file works too; its
// program is made in memory.
//
// The hash in design.json binds the two files. With it right, the function is the one that was
// verified when the design was made, and its claims of ranges are believed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arch/stages.h"
#include "dfg/interface.h"
#include "dfg/program.h"
#include "emulate/batch_function.h"
#include "support/json.h"

namespace gatewright::runtime {

inline constexpr const char* kDesignFile = "design.json";
inline constexpr const char* kModelFile = "model.json";
inline constexpr const char* kDataflowFile = "dataflow.txt";
inline constexpr const char* kStagesFile = "stages.json";
inline constexpr std::string_view kDesignFormat = "gatewright-design";
inline constexpr std::int64_t kDesignFormatVersion = 1;

struct StoredProgram {
    std::string name;
    std::string part;      ///< empty for a model file: no hardware was made
    double clock_mhz = 0;  ///< 0 for a model file, as the next two
    int latency_cycles = 0;
    int initiation_interval = 0;
    dfg::Interface ports;
    dfg::Program program;  ///< empty if there are stages
    std::optional<arch::StagedDesign> stages;
};

/// What runs it.
std::unique_ptr<emulate::BatchFunction> make_function(const StoredProgram& stored);

/// Loads a design directory, its design.json, or a native model file (by its content). The error
/// names the file, and says when the design has to be compiled again.
Result<StoredProgram> load_program(const std::string& path);

/// Format and version of a parsed design.json; the error is without the path.
Status check_design_format(const Json& design);

/// The "inputs" and "outputs" of design.json.
Json ports_to_json(const std::vector<dfg::Port>& ports);
Result<std::vector<dfg::Port>> ports_from_json(const Json& design, std::string_view key);

}  // namespace gatewright::runtime
