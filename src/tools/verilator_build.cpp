// SPDX-License-Identifier: Apache-2.0
#include "tools/verilator_build.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "support/files.h"
#include "support/parallel.h"

namespace gatewright::tools {
namespace {

namespace fs = std::filesystem;

class Build {
  public:
    Build(const VerilatorModel& model, const ScratchDirectory& scratch)
        : model_(model), scratch_(scratch) {}

    // Path of the simulator: one built earlier from the same files by the same tools, or a new one.
    Result<std::string> make() {
        GW_TRY_STATUS(find_compiler());
        GW_TRY(const std::string kept, kept_path());
        std::error_code error;
        if (!kept.empty() && fs::exists(kept, error)) {
            fs::last_write_time(kept, fs::file_time_type::clock::now(), error);
            return kept;
        }
        GW_TRY_STATUS(translate());
        GW_TRY(const std::string runtime, runtime_object());
        GW_TRY(const std::vector<std::string> objects, compile_model());
        const std::string program = scratch_.file("simulate");
        std::vector<std::string> command{compiler_, "-o", program};
        command.insert(command.end(), objects.begin(), objects.end());
        command.insert(command.end(), {runtime, "-pthread"});
        GW_TRY_STATUS(run(command));
        keep(program, kept);
        return program;
    }

  private:
    Status find_compiler() {
        for (const char* name : {"g++", "clang++", "c++"}) {
            if (find_program(name)) {
                compiler_ = name;
                break;
            }
        }
        if (compiler_.empty()) {
            return fail(
                "Verilator needs a C++ compiler; install one with: sudo apt-get install g++");
        }
        GW_TRY(const ProcessOutcome root, run_tool(kVerilator, {"--getenv", "VERILATOR_ROOT"},
                                                   within(std::chrono::seconds(20))));
        root_ = root.output.substr(0, root.output.find('\n'));
        return {};
    }

    Status run(const std::vector<std::string>& command) const {
        GW_TRY(const ProcessOutcome outcome,
               run_process(command, within(model_.time_limit, scratch_.path())));
        if (!outcome.ok())
            return tl::unexpected<Error>(run_error(command, outcome, model_.time_limit));
        return {};
    }

    Status translate() const {
        std::vector<std::string> arguments{"--cc",
                                           "--top-module",
                                           model_.top,
                                           "--prefix",
                                           "Vtop",
                                           "--Mdir",
                                           scratch_.file("model"),
                                           "-O3",
                                           "--x-assign",
                                           "fast",
                                           "--x-initial",
                                           "unique",
                                           "--noassert",
                                           "--output-split",
                                           "20000",
                                           "--output-split-cfuncs",
                                           "500",
                                           "-Wno-fatal",
                                           "-Wno-lint"};
        for (const std::string& file : model_.files)
            arguments.push_back(fs::absolute(file).string());
        GW_TRY_STATUS(run_tool(kVerilator, arguments, within(model_.time_limit, scratch_.path())));
        return {};
    }

    [[nodiscard]] std::vector<std::string> flags() const {
        return {"-std=gnu++17",
                "-w",
                "-I" + root_ + "/include",
                "-I" + root_ + "/include/vltstd",
                "-DVM_COVERAGE=0",
                "-DVM_SC=0",
                "-DVM_TRACE=0",
                "-DVM_TRACE_FST=0",
                "-DVM_TRACE_VCD=0"};
    }

    Status compile(const std::string& source, const std::string& object,
                   const std::string& level) const {
        std::vector<std::string> command{compiler_, level, "-c", source, "-o", object};
        const auto common = flags();
        command.insert(command.end(), common.begin(), common.end());
        return run(command);
    }

    // What decides the machine code besides the design: the tools and how they are called.
    [[nodiscard]] Result<std::string> tool_key() const {
        GW_TRY(const std::string tool, version(kVerilator));
        GW_TRY(const std::string compiler, version({compiler_, "g++", "--version"}));
        return fmt::format("{}\n{}\n{}\n", tool, compiler, fmt::join(flags(), " "));
    }

    // Where this design's simulator is kept, by the hash of all that goes into it; empty without a
    // cache.
    [[nodiscard]] Result<std::string> kept_path() const {
        const std::string cache = cache_directory();
        if (cache.empty()) return std::string();
        GW_TRY(std::string content, tool_key());
        content += fmt::format("{}\n{}\n{}\n", model_.top, model_.settings, model_.driver);
        for (const std::string& file : model_.files) {
            GW_TRY(const std::string text, read_file(file));
            content += sha256_hex(text) + "\n";
        }
        return fmt::format("{}/simulator-{}", cache, sha256_hex(content).substr(0, 32));
    }

    // Keeps a product in the cache, whole or not at all. A cache that cannot be written is no
    // error.
    void keep(const std::string& product, const std::string& place) const {
        if (place.empty()) return;
        const std::string beside = place + "." + fs::path(scratch_.path()).filename().string();
        std::error_code error;
        fs::copy_file(product, beside, error);
        if (!error) fs::rename(beside, place, error);
        if (error) fs::remove(beside, error);
        forget_old_simulators(fs::path(place).parent_path());
    }

    static void forget_old_simulators(const fs::path& cache) {
        constexpr std::size_t kMost = 24;
        std::vector<std::pair<fs::file_time_type, fs::path>> found;
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(cache, error)) {
            const std::string name = entry.path().filename().string();
            if (name.rfind("simulator-", 0) == 0)
                found.emplace_back(entry.last_write_time(error), entry.path());
        }
        std::sort(found.rbegin(), found.rend());
        for (std::size_t i = kMost; i < found.size(); ++i) fs::remove(found[i].second, error);
    }

    // verilated.cpp is the same for every design: compiled once per version of the tools.
    [[nodiscard]] Result<std::string> runtime_object() const {
        GW_TRY(const std::string key, tool_key());
        const std::string cache = cache_directory();
        const std::string kept =
            cache.empty() ? ""
                          : fmt::format("{}/verilated-{}.o", cache, sha256_hex(key).substr(0, 16));
        std::error_code ignored;
        if (!kept.empty() && fs::exists(kept, ignored)) return kept;
        const std::string source = scratch_.file("runtime.cpp");
        GW_TRY_STATUS(
            write_file(source, "#include \"verilated.cpp\"\n#include \"verilated_threads.cpp\"\n"));
        const std::string object = scratch_.file("runtime.o");
        GW_TRY_STATUS(compile(source, object, "-O2"));
        keep(object, kept);
        return object;
    }

    // The generated files are dealt to one translation unit per thread, evenly by size: one big
    // unit would use one core, a unit per file would parse the headers a dozen times.
    [[nodiscard]] Result<std::vector<std::string>> compile_model() const {
        GW_TRY_STATUS(write_file(scratch_.file("model/driver.cpp"), model_.driver));
        std::vector<std::pair<std::uintmax_t, std::string>> sources;
        for (const auto& entry : fs::directory_iterator(scratch_.file("model"))) {
            if (entry.path().extension() != ".cpp" || entry.path().filename() == "driver.cpp")
                continue;
            sources.emplace_back(entry.file_size(), entry.path().filename().string());
        }
        std::sort(sources.rbegin(), sources.rend());
        std::uintmax_t total = 0;
        for (const auto& [size, name] : sources) total += size;
        constexpr std::uintmax_t kWorthAThread = 200000;
        const std::size_t units = std::clamp<std::size_t>(total / kWorthAThread, 1, thread_count());
        std::vector<std::pair<std::uintmax_t, std::string>> unit(units);
        for (const auto& [size, name] : sources) {
            auto& smallest =
                *std::min_element(unit.begin(), unit.end(),
                                  [](const auto& a, const auto& b) { return a.first < b.first; });
            smallest.first += size;
            smallest.second += "#include \"" + name + "\"\n";
        }
        unit[0].second += "#include \"Vtop.h\"\n" + model_.settings + "#include \"driver.cpp\"\n";
        return compile_units(unit);
    }

    [[nodiscard]] Result<std::vector<std::string>> compile_units(
        const std::vector<std::pair<std::uintmax_t, std::string>>& unit) const {
        std::vector<Status> statuses(unit.size());
        std::vector<std::string> objects(unit.size());
        parallel_for(unit.size(), 1, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                const std::string source = scratch_.file(fmt::format("model/unit{}.cc", i));
                objects[i] = scratch_.file(fmt::format("unit{}.o", i));
                statuses[i] = write_file(source, unit[i].second);
                if (statuses[i]) statuses[i] = compile(source, objects[i], "-O1");
            }
        });
        for (const Status& status : statuses) GW_TRY_STATUS(status);
        return objects;
    }

    const VerilatorModel& model_;
    const ScratchDirectory& scratch_;
    std::string compiler_;
    std::string root_;
};

}  // namespace

Result<std::string> build_simulator(const VerilatorModel& model, const ScratchDirectory& scratch) {
    return Build(model, scratch).make();
}

}  // namespace gatewright::tools
