// SPDX-License-Identifier: Apache-2.0
//
// What a user can ask of a compilation: command-line options and the TOML file, in one struct. The
// command line wins over the file.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "arch/mapping.h"
#include "cmvm/solve.h"
#include "frontends/import.h"
#include "opt/pass.h"
#include "support/json.h"

namespace gatewright::compile {

/// A latency budget: a time, or a number of clock cycles.
struct LatencyBudget {
    double nanoseconds = 0;  ///< 0: given in cycles
    int cycles = 0;
};

/// What `--fit` must keep within; unset: as much as is needed. Sizes are our estimates.
struct FitBudget {
    std::optional<std::int64_t> lut;
    std::optional<std::int64_t> dsp;
    std::optional<std::int64_t> bram;  ///< block RAMs of 36 kbit
    std::optional<LatencyBudget> latency;
    std::optional<std::int64_t> ii;  ///< clock cycles between events
};

/// How the pipeline is cut, beside its clock.
struct PipelineOptions {
    std::optional<int> stages;    ///< exactly this many clock cycles
    bool input_register = true;   ///< inputs are registered before anything is computed
    bool output_register = true;  ///< outputs come straight from registers
    int register_fanout = 0;      ///< users one register drives at most; 0: any number
};

struct Options {
    std::string model;   ///< path of the model file
    std::string config;  ///< the TOML file that was read, if any
    std::string name;    ///< of the top module; empty: from the model file's name
    std::string part = "xcvu13p-2";
    std::optional<double> clock_mhz;
    std::optional<LatencyBudget> latency;
    PipelineOptions pipeline;
    frontends::ImportParams import;
    cmvm::SolveParams cmvm;
    std::string adder_cache;  ///< folder of solved kernels, kept between runs; empty: none
    /// Three-input adders where they pay; not given: as the device's file says.
    std::optional<bool> ternary_adders;
    opt::OptimizeParams passes;
    arch::MappingParams mapping;
    /// Choose the mapping and (unless given) the clock: fit.h.
    std::optional<FitBudget> fit;
};

inline constexpr double kDefaultClockMhz = 200;

/// "360MHz", "0.36 GHz", "2.5ns" (a period) or a bare number of MHz; the result is in MHz.
Result<double> parse_clock(std::string_view text);
/// "100ns", "0.1us" or "12cycles" / "12".
Result<LatencyBudget> parse_latency(std::string_view text);

/// "lut=20000,dsp=64,bram=4,latency=2us,ii=40"; latency as parse_latency, the others whole numbers.
Result<FitBudget> parse_fit(std::string_view text);
/// Text that parse_fit() reads.
std::string to_text(const FitBudget& budget);

/// Fills what the TOML file says into `options`. Unknown keys are errors, all listed at once.
Status read_config(const std::string& path, Options& options);

/// Options that determine the design, for design.json, and back.
Json to_json(const Options& options);
Result<Options> options_from_json(const Json& json);

}  // namespace gatewright::compile
