// SPDX-License-Identifier: Apache-2.0
#include "support/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "support/interrupt.h"

namespace gatewright {
namespace {

struct Pipe {
    std::array<int, 2> ends{-1, -1};
    ~Pipe() {
        close_end(0);
        close_end(1);
    }
    bool open() { return ::pipe2(ends.data(), O_CLOEXEC) == 0; }
    void close_end(std::size_t end) {
        if (ends[end] >= 0) ::close(ends[end]);
        ends[end] = -1;
    }
};

[[noreturn]] void become(const std::vector<std::string>& command, const std::string& program,
                         const std::string& directory, int input, int output) {
    ::setpgid(0, 0);
    ::dup2(input, 0);
    ::dup2(output, 1);
    ::dup2(output, 2);
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    if (directory.empty() || ::chdir(directory.c_str()) == 0) {
        ::execv(program.c_str(), arguments.data());
    }
    ::_exit(127);
}

int milliseconds_left(std::chrono::steady_clock::time_point end) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1 << 30));
}

// Feeds the child's input and gathers its output until it closes both or the time is over.
bool exchange(Pipe& input, Pipe& output, std::string_view to_send, std::string& received,
              std::chrono::steady_clock::time_point end) {
    std::array<char, 1U << 16U> block{};
    if (to_send.empty()) input.close_end(1);
    while (true) {
        std::array<pollfd, 2> waits{{{output.ends[0], POLLIN, 0}, {input.ends[1], POLLOUT, 0}}};
        const int left = milliseconds_left(end);
        if (left == 0) return false;
        if (::poll(waits.data(), waits.size(), left) < 0 && errno != EINTR) return true;
        if ((waits[1].revents & (POLLOUT | POLLERR)) != 0) {
            const ssize_t sent = ::write(input.ends[1], to_send.data(), to_send.size());
            if (sent > 0) to_send.remove_prefix(static_cast<std::size_t>(sent));
            if (sent < 0 || to_send.empty()) input.close_end(1);
        }
        if ((waits[0].revents & (POLLIN | POLLHUP)) != 0) {
            const ssize_t got = ::read(output.ends[0], block.data(), block.size());
            if (got == 0) return true;
            if (got > 0) received.append(block.data(), static_cast<std::size_t>(got));
        }
    }
}

}  // namespace

Result<ProcessOutcome> run_process(const std::vector<std::string>& command,
                                   const ProcessParams& params) {
    const auto program = find_program(command.at(0));
    if (!program) {
        return fail(
            fmt::format("the program '{}' is not installed (not found in PATH)", command[0]));
    }
    Pipe input;
    Pipe output;
    if (!input.open() || !output.open()) return fail(fmt::format("pipe: {}", std::strerror(errno)));
    const auto start = std::chrono::steady_clock::now();
    struct sigaction ignore {};
    struct sigaction previous {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &previous);
    const pid_t child = ::fork();
    if (child < 0)
        return fail(fmt::format("cannot start {}: {}", command[0], std::strerror(errno)));
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::signal(SIGPIPE, SIG_DFL);
        ::signal(SIGXFSZ, SIG_DFL);
        become(command, *program, params.working_directory, input.ends[0], output.ends[1]);
    }
    const CleanupOnInterrupt end_child([child] { ::kill(-child, SIGKILL); });
    input.close_end(0);
    output.close_end(1);
    ProcessOutcome outcome;
    const auto end = start + params.time_limit;
    outcome.timed_out = !exchange(input, output, params.stdin_text, outcome.output, end);
    if (outcome.timed_out) ::kill(-child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    ::sigaction(SIGPIPE, &previous, nullptr);
    outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    outcome.seconds = elapsed.count();
    return outcome;
}

std::optional<std::string> find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        if (::access(name.c_str(), X_OK) == 0) return std::filesystem::absolute(name).string();
        return std::nullopt;
    }
    const char* path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        const std::string candidate = folder + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return std::nullopt;
}

}  // namespace gatewright
