// SPDX-License-Identifier: Apache-2.0
#include "tools/tool.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace gatewright::tools {

namespace fs = std::filesystem;

namespace {

std::string last_lines(const std::string& text, int wanted) {
    std::size_t begin = text.size();
    while (begin > 0 && text[begin - 1] == '\n') --begin;
    const std::size_t end = begin;
    for (int lines = 0; begin > 0; --begin) {
        if (text[begin - 1] == '\n' && ++lines == wanted) break;
    }
    return text.substr(begin, end - begin);
}

const char* install_command(const Tool& tool) {
    return tool.source == PackageSource::kPyPi ? "pip install" : "sudo apt-get install";
}

void remove_quietly(const std::string& path) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
}

}  // namespace

ProcessParams within(std::chrono::seconds time_limit, const std::string& directory) {
    ProcessParams params;
    params.working_directory = directory;
    params.time_limit = time_limit;
    return params;
}

bool is_installed(const Tool& tool) {
    return find_program(tool.program).has_value();
}

Error run_error(const std::vector<std::string>& command, const ProcessOutcome& outcome,
                std::chrono::seconds limit) {
    const std::string why = outcome.timed_out
                                ? fmt::format("did not finish within {} s", limit.count())
                                : fmt::format("ended with exit code {}", outcome.exit_code);
    return Error{fmt::format("{} {}; its last lines:\n{}", command.at(0), why,
                             last_lines(outcome.output, 15))};
}

Result<ProcessOutcome> run_tool(const Tool& tool, const std::vector<std::string>& arguments,
                                const ProcessParams& params) {
    if (!is_installed(tool)) {
        return fail(fmt::format("the program '{}' is not installed; install it with: {} {}{}",
                                tool.program, install_command(tool), tool.package,
                                tool.source == PackageSource::kPyPi
                                    ? " (in an environment whose bin folder is in PATH)"
                                    : ""));
    }
    std::vector<std::string> command{tool.program};
    command.insert(command.end(), arguments.begin(), arguments.end());
    GW_TRY(ProcessOutcome outcome, run_process(command, params));
    if (!outcome.ok()) return tl::unexpected<Error>(run_error(command, outcome, params.time_limit));
    return outcome;
}

Result<std::string> version(const Tool& tool) {
    GW_TRY(const ProcessOutcome outcome,
           run_tool(tool, {tool.version_flag}, within(std::chrono::seconds(20))));
    return outcome.output.substr(0, outcome.output.find('\n'));
}

Result<ScratchDirectory> ScratchDirectory::create() {
    std::error_code error;
    const fs::path base = fs::temp_directory_path(error);
    if (error) return fail("no folder for temporary files: " + error.message());
    std::string path = (base / "gatewright-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) {
        return fail(fmt::format("cannot make a temporary folder in {}: {}", base.string(),
                                std::strerror(errno)));
    }
    return ScratchDirectory(std::move(path));
}

ScratchDirectory::ScratchDirectory(std::string path)
    : path_(std::move(path)),
      on_interrupt_(
          std::make_unique<CleanupOnInterrupt>([place = path_] { remove_quietly(place); })) {}

ScratchDirectory::ScratchDirectory(ScratchDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})), on_interrupt_(std::move(other.on_interrupt_)) {}

ScratchDirectory::~ScratchDirectory() {
    if (!path_.empty()) remove_quietly(path_);
}

std::string cache_directory() {
    const auto variable = [](const char* name) -> std::string {
        const char* value = std::getenv(name);
        return value == nullptr ? "" : value;
    };
    std::string path = variable("GW_CACHE_DIR");
    if (path.empty() && !variable("XDG_CACHE_HOME").empty())
        path = variable("XDG_CACHE_HOME") + "/gatewright";
    if (path.empty() && !variable("HOME").empty()) path = variable("HOME") + "/.cache/gatewright";
    if (path.empty()) return {};
    std::error_code error;
    fs::create_directories(path, error);
    return error || ::access(path.c_str(), W_OK) != 0 ? std::string() : path;
}

}  // namespace gatewright::tools
