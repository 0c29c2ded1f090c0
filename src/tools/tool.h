// SPDX-License-Identifier: Apache-2.0
//
// Running the open EDA tools. Every run has a time limit; a missing program is an error that names
// the package that brings it, a failing one is an error that shows the end of what it printed.
// Tools work in a scratch directory that is removed afterwards, also on an interrupt.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "support/interrupt.h"
#include "support/process.h"
#include "support/result.h"

namespace gatewright::tools {

enum class PackageSource {
    kDebian,
    kPyPi,  ///< pip install, for what Debian 12 lacks
};

struct Tool {
    std::string program;       ///< "verilator"
    std::string package;       ///< "verilator"
    std::string version_flag;  ///< "--version"
    PackageSource source = PackageSource::kDebian;
};

inline const Tool kVerilator{"verilator", "verilator", "--version"};
inline const Tool kYosys{"yosys", "yosys", "-V"};
inline const Tool kIcarus{"iverilog", "iverilog", "-V"};
inline const Tool kZ3{"z3", "z3", "--version"};

[[nodiscard]] bool is_installed(const Tool& tool);

/// First line of what the tool says of itself: "Yosys 0.23 (git sha1 7ce5011c24b)".
Result<std::string> version(const Tool& tool);

/// Parameters of a run with a time limit, in a working directory (empty: ours).
ProcessParams within(std::chrono::seconds time_limit, const std::string& directory = {});

/// Runs the tool; anything but exit code 0 within the time limit is an error.
Result<ProcessOutcome> run_tool(const Tool& tool, const std::vector<std::string>& arguments,
                                const ProcessParams& params);

/// The error of a run that ended badly: what ran, why it ended, its last lines.
Error run_error(const std::vector<std::string>& command, const ProcessOutcome& outcome,
                std::chrono::seconds limit);

class ScratchDirectory {
  public:
    static Result<ScratchDirectory> create();
    ScratchDirectory(ScratchDirectory&& other) noexcept;
    ScratchDirectory& operator=(ScratchDirectory&&) = delete;
    ~ScratchDirectory();
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

  private:
    explicit ScratchDirectory(std::string path);
    std::string path_;
    std::unique_ptr<CleanupOnInterrupt> on_interrupt_;
};

/// Where results that never change are kept between runs: GW_CACHE_DIR, XDG_CACHE_HOME/gatewright
/// or
/// ~/.cache/gatewright; empty if none can be written.
std::string cache_directory();

}  // namespace gatewright::tools
