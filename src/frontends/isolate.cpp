// SPDX-License-Identifier: Apache-2.0
#include "frontends/isolate.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace gatewright::frontends {

namespace {

/// In the child: no core file, no endless work, no message of the C library on the user's terminal.
void confine(const IsolateParams& params) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // no orphan goes on when the parent is interrupted
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGINT, SIGTERM, SIGPIPE}) {
        std::signal(signal, SIG_DFL);
    }
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    const rlimit cpu{params.cpu_seconds, params.cpu_seconds};
    setrlimit(RLIMIT_CPU, &cpu);
    const int nowhere = open("/dev/null", O_RDWR);
    if (nowhere >= 0) {
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
    }
}

[[noreturn]] void run_child(const std::function<std::string()>& work, const IsolateParams& params,
                            int out) {
    confine(params);
    int status = 1;
    try {
        const std::string result = work();
        std::size_t sent = 0;
        while (sent < result.size()) {
            const ssize_t n = write(out, result.data() + sent, result.size() - sent);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) _exit(1);
            sent += static_cast<std::size_t>(n);
        }
        status = 0;
    } catch (...) {
        status = 1;  // out of memory, say
    }
    _exit(status);
}

/// Everything the child writes; false if it is more than allowed.
bool read_all(int in, std::size_t max_bytes, std::string& out) {
    std::string chunk(std::size_t{1} << 16U, '\0');
    for (;;) {
        const ssize_t n = read(in, chunk.data(), chunk.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n == 0;
        out.append(chunk, 0, static_cast<std::size_t>(n));
        if (out.size() > max_bytes) return false;
    }
}

}  // namespace

Result<std::string> run_isolated(const std::function<std::string()>& work,
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
    std::string out;
    const bool complete = read_all(ends[0], params.max_output_bytes, out);
    close(ends[0]);
    if (!complete) kill(child, SIGKILL);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (complete && WIFEXITED(status) && WEXITSTATUS(status) == 0) return out;
    if (WIFSIGNALED(status))
        return fail(fmt::format("the reader stopped ({})", strsignal(WTERMSIG(status))));
    return fail("the reader ran out of memory or room");
}

}  // namespace gatewright::frontends
