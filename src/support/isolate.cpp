// SPDX-License-Identifier: Apache-2.0
#include "support/isolate.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace gatewright {

namespace {

/// In the child: no core file, no endless work, no message of the C library on the user's terminal.
void confine(const IsolateParams& params) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // no orphan goes on when the parent is interrupted
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGINT, SIGTERM, SIGPIPE}) {
        std::signal(signal, SIG_DFL);
    }
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    if (params.cpu_seconds > 0) {
        const rlimit cpu{params.cpu_seconds, params.cpu_seconds};
        setrlimit(RLIMIT_CPU, &cpu);
    }
    const int nowhere = open("/dev/null", O_RDWR);
    if (nowhere >= 0) {
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
    }
}

bool send_all(int out, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = write(out, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

[[noreturn]] void run_child(const std::function<void(const IsolatedStream::Send&)>& work,
                            const IsolateParams& params, int out) {
    confine(params);
    std::signal(SIGPIPE, SIG_IGN);  // a reader that has seen enough is no crash
    int status = 0;
    try {
        work([&](std::string_view bytes) { return send_all(out, bytes); });
    } catch (...) {
        status = 1;  // out of memory, say
    }
    _exit(status);
}

}  // namespace

Result<IsolatedStream> IsolatedStream::start(const std::function<void(const Send&)>& work,
                                             const IsolateParams& params) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return fail(fmt::format("no pipe: {}", std::strerror(errno)));
    const pid_t child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return fail(fmt::format("no process: {}", std::strerror(errno)));
    }
    if (child == 0) run_child(work, params, ends[1]);
    close(ends[1]);
    return IsolatedStream(child, ends[0]);
}

IsolatedStream::IsolatedStream(IsolatedStream&& other) noexcept
    : child_(std::exchange(other.child_, -1)), in_(std::exchange(other.in_, -1)) {}

IsolatedStream::~IsolatedStream() {
    if (in_ >= 0) close(in_);
    if (child_ >= 0) kill(child_, SIGKILL);
    static_cast<void>(reap());
}

Result<std::size_t> IsolatedStream::read(std::span<char> out) {
    std::size_t filled = 0;
    while (filled < out.size()) {
        const ssize_t n = ::read(in_, out.data() + filled, out.size() - filled);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(fmt::format("the reader cannot be read: {}", std::strerror(errno)));
        if (n == 0) {
            GW_TRY_STATUS(reap());
            break;
        }
        filled += static_cast<std::size_t>(n);
    }
    return filled;
}

Status IsolatedStream::reap() {
    if (child_ < 0) return {};
    int status = 0;
    while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    child_ = -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    if (WIFSIGNALED(status))
        return fail(fmt::format("the reader stopped ({})", strsignal(WTERMSIG(status))));
    return fail("the reader ran out of memory or room");
}

Result<std::string> run_isolated(const std::function<std::string()>& work,
                                 const IsolateParams& params) {
    GW_TRY(IsolatedStream stream,
           IsolatedStream::start([&](const IsolatedStream::Send& send) { send(work()); }, params));
    std::string out;
    std::string chunk(std::size_t{1} << 16U, '\0');
    for (;;) {
        GW_TRY(const std::size_t got, stream.read(chunk));
        out.append(chunk, 0, got);
        if (out.size() > params.max_output_bytes)
            return fail("the reader ran out of memory or room");
        if (got < chunk.size()) return out;
    }
}

}  // namespace gatewright
