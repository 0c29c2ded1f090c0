// SPDX-License-Identifier: Apache-2.0
//
// The compiler for the other kind of hardware: a design of stages (arch/stages.h), streamed, folded
// or with loadable weights. The same walk as compile.h, with a plan instead of kernels.
#pragma once

#include <string>

#include "arch/stages.h"
#include "compile/compile.h"
#include "rtl/stages/build.h"
#include "schedule/stages.h"

namespace gatewright::compile {

struct CompiledStages : Imported {
    Options options;
    arch::StagedDesign plan;    ///< parts after the passes
    opt::OptimizeStats passes;  ///< over all parts
    schedule::Device device;
    schedule::StagedSchedule schedule;
    rtl::StagedNetlist hardware;
};

/// Everything, from the model file. options.mapping must need stages.
Result<CompiledStages> compile_stages(const Options& options, Progress& progress);

/// Stages and their parts after the passes, from the model's types on: what --fit repeats.
Status plan_parts(CompiledStages& out);

/// Everything from the model's types on.
Status plan_hardware(CompiledStages& out, Progress& progress);

/// A design directory's design again, as load_design().
Result<CompiledStages> load_stages(const std::string& directory, Progress& progress);

/// True if the design directory holds a design of stages.
bool is_staged(const std::string& directory);

/// Files of the hardware: RTL, testbench, synthesis scripts, register maps.
std::vector<rtl::File> hardware_files(const CompiledStages& compiled);

Status write_design_directory(const CompiledStages& compiled, const Json& report,
                              const std::string& directory);

/// report.json right after compilation.
Json make_report(const CompiledStages& compiled, const Progress& progress,
                 const std::string& directory);

}  // namespace gatewright::compile
