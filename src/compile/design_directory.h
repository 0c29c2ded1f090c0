// SPDX-License-Identifier: Apache-2.0
//
// The design directory on disk: design.json, model.json and dataflow.txt (the stable interface
// other tools read, see docs/design_directory.md), RTL, simulation, synthesis and report files.
// Written whole or not at all. runtime/stored_program.h reads what running the design needs.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "compile/compile.h"
#include "runtime/stored_program.h"
#include "support/json.h"

namespace gatewright::compile {

using runtime::kDesignFile;
using runtime::kModelFile;
inline constexpr const char* kFloatModelFile = "float_model.json";
inline constexpr const char* kReportFile = "report.json";

/// What is written of any design.
struct DesignContent {
    const Options& options;
    const Imported& model;
    dfg::Interface ports;
    std::string part = {};
    std::string top = {};
    std::int64_t latency_cycles = 0;
    std::int64_t initiation_interval = 1;
    double clock_mhz = 0;
    std::vector<rtl::File> files = {};  ///< RTL, simulation, synthesis, and the function
    Json streams = {};                  ///< of a design of stages: words on its ports
};

/// Writes everything compile makes. `report` becomes report.json and report.html.
Status write_design_directory(const DesignContent& content, const Json& report,
                              const std::string& directory);
Status write_design_directory(const Compiled& compiled, const Json& report,
                              const std::string& directory);

/// What a design directory says of its making.
struct StoredDesign {
    Options options;
    SourceFile source;
    model::TypedGraph typed;
    std::optional<model::Graph> float_graph;
    std::map<std::string, std::string> hashes;  ///< file -> sha256
};
Result<StoredDesign> read_design_directory(const std::string& directory);

/// report.json of a design directory, and writing it (and report.html) back after new evidence.
Result<Json> read_report(const std::string& directory);
Status write_report(const std::string& directory, const Json& report);

/// Verilog files of a netlist's modules in its design directory, without wrappers.
std::vector<std::string> rtl_paths(const rtl::Netlist& netlist, const std::string& directory);

/// What the emitted files say must be what is measured: each still has the content it was written
/// with.
Status check_files(const std::vector<rtl::File>& files, const std::string& directory);

/// The version in design.json and `gatewright --version`.
std::string version();

}  // namespace gatewright::compile
