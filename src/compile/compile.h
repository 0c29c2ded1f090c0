// SPDX-License-Identifier: Apache-2.0
//
// The compiler on one page: model file -> typed graph -> design -> schedule -> netlist -> files.
// Each stage's product is a plain value; Compiled holds them all for the commands that come after.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "arch/design.h"
#include "compile/options.h"
#include "model/graph.h"
#include "opt/pass.h"
#include "rtl/emit.h"
#include "schedule/schedule.h"
#include "support/progress.h"

namespace gatewright::compile {

struct SourceFile {
    std::string file;
    std::string sha256;
    std::string format;
};

/// The front half, which all commands share: import, graph passes, types.
struct Imported {
    SourceFile source;
    model::TypedGraph typed;
    std::optional<model::Graph> float_graph;
    std::map<std::string, double> stored_ebops;
    std::vector<std::string> warnings;
};
Result<Imported> import_and_type(const Options& options, Progress& progress);

/// A model and its hardware as one unrolled pipeline; compile/stages.h has the other kind.
struct Compiled : Imported {
    Options options;
    arch::Design design;
    arch::FlatProgram lowered;  ///< the kernels joined, before the passes
    arch::FlatProgram flat;     ///< what is scheduled and built
    opt::OptimizeStats passes;
    schedule::Device device;
    schedule::Schedule schedule;
    rtl::Netlist netlist;
};

/// Everything, from the model file.
Result<Compiled> compile_model(const Options& options, Progress& progress);

/// Design, schedule and netlist, from the model's types and the options in `out`.
Status build_hardware(Compiled& out, Progress& progress);

/// A design directory's design again, from its model.json and design.json. The emitted RTL must be
/// what this version would write (the hashes agree), else the error asks to compile again.
Result<Compiled> load_design(const std::string& directory, Progress& progress);

/// What the options ask of the schedule.
schedule::ScheduleParams schedule_params(const Options& options);

/// Whether the schedule may use three-input adders: only if asked for.
schedule::TernaryAdders ternary_adders(const Options& options);

/// Whether files made again are those that a design directory was written with.
Status check_hashes(const std::vector<rtl::File>& files,
                    const std::map<std::string, std::string>& hashes, const std::string& directory);

/// True if the path is a design directory (holds design.json).
bool is_design_directory(const std::string& path);

}  // namespace gatewright::compile
