// SPDX-License-Identifier: Apache-2.0
//
// The commands of `gatewright`. Each takes its options as a struct and gives an Outcome: text for a
// person and the same as JSON for a machine; gatewright.cpp prints one of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compile/options.h"
#include "events/reader.h"
#include "support/json.h"
#include "support/progress.h"

namespace gatewright::cli {

struct Outcome {
    std::string text;
    Json json;
    int exit_code = 0;
};

struct CompileArgs {
    compile::Options options;
    std::string output;  ///< empty: explore only
    bool explore = false;
    std::string explore_output;  ///< folder for a design of every number of stages; empty: none
    Json fit_record = {};        ///< of options that --fit chose: "fit" of report.json
};
Result<Outcome> run_compile(const CompileArgs& args, Progress& progress);

struct EmulateArgs {
    compile::Options options;         ///< options.model: design directory or model file
    std::vector<std::string> inputs;  ///< "X.npy", "port=X.npy", "X.h5:/data" or "-"
    std::string output;               ///< or "-"
    std::string first_difference;     ///< another tool's outputs, or folder of layers
    events::FileFormat format = events::FileFormat::kByName;
    events::ElementType raw_type = events::ElementType::kInt32;
    bool raw = false;
    bool trace = false;
};
Result<Outcome> run_emulate(const EmulateArgs& args, Progress& progress);

struct VerifyArgs {
    std::string directory;
    std::size_t vectors = 10000;
    std::uint64_t seed = 1;
    double proof_seconds = 10;
    std::vector<std::string> data;
};
Result<Outcome> run_verify(const VerifyArgs& args, Progress& progress);

struct SynthArgs {
    std::string directory;
    std::string family;  ///< empty: the part's own
};
Result<Outcome> run_synth(const SynthArgs& args, Progress& progress);

struct PlaceArgs {
    std::string directory;
    std::uint64_t seed = 1;
    std::int64_t time_limit_seconds = 180;  ///< of one run of the router
};
Result<Outcome> run_place(const PlaceArgs& args, Progress& progress);

struct CalibrateArgs {
    std::string part = "xcvu13p-2";  ///< the device to start from
    std::vector<std::string> reports;
    std::string utilization;  ///< empty: the size of the reports' design is not known
    std::string output;
};
Result<Outcome> run_calibrate(const CalibrateArgs& args, Progress& progress);

struct ReportArgs {
    std::string directory;
    bool open = false;
};
Result<Outcome> run_report(const ReportArgs& args, Progress& progress);

struct InspectArgs {
    compile::Options options;
};
Result<Outcome> run_inspect(const InspectArgs& args, Progress& progress);

struct EvaluateArgs {
    compile::Options options;
    std::vector<std::string> data;
    std::string labels;
    std::size_t classes = 0;  ///< the first outputs that are class scores; 0: all
    std::vector<std::string> class_names;
};
Result<Outcome> run_evaluate(const EvaluateArgs& args, Progress& progress);

struct CmvmArgs {
    std::string path;        ///< matrix file, or folder of them
    std::string input_type;  ///< of every input, where the file gives no ranges
    cmvm::SolveParams params;
    std::string emit;          ///< file for the program text
    std::string dump_kernels;  ///< model file whose kernels are written into the folder `path`
    bool graph = false;
};
Result<Outcome> run_cmvm(const CmvmArgs& args, Progress& progress);

struct ConvertArgs {
    std::string input;   ///< program file, model file or design directory
    std::string output;  ///< program file
    std::string format;  ///< "text", "dais", "alir"; empty: by the output's ending
};
Result<Outcome> run_convert(const ConvertArgs& args, Progress& progress);

Result<Outcome> run_layers();

}  // namespace gatewright::cli
