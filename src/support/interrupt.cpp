// SPDX-License-Identifier: Apache-2.0
#include "support/interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <thread>

namespace gatewright {
namespace {

// A signal reaches the whole process, so what it must clean up is known to the whole process.
struct Cleanups {
    std::recursive_mutex mutex;  // held while cleaning up, until the process has ended
    std::map<std::size_t, std::function<void()>> actions;
    std::size_t next_id = 0;
};

Cleanups& cleanups() {
    static Cleanups instance;
    return instance;
}

void wait_for_signals(sigset_t signals) {
    int signal = 0;
    while (::sigwait(&signals, &signal) != 0) {
    }
    const std::lock_guard lock(cleanups().mutex);
    for (const auto& [id, action] : cleanups().actions) action();
    ::_exit(128 + signal);
}

}  // namespace

CleanupOnInterrupt::CleanupOnInterrupt(std::function<void()> cleanup) {
    const std::lock_guard lock(cleanups().mutex);
    id_ = cleanups().next_id++;
    cleanups().actions.emplace(id_, std::move(cleanup));
}

CleanupOnInterrupt::~CleanupOnInterrupt() {
    const std::lock_guard lock(cleanups().mutex);
    cleanups().actions.erase(id_);
}

HoldInterrupts::HoldInterrupts() {
    cleanups().mutex.lock();
}
HoldInterrupts::~HoldInterrupts() {
    cleanups().mutex.unlock();
}

void handle_interrupts() {
    cleanups();  // made before the thread, destroyed after it
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    // A file-size limit or a reader that went away is an error of the write, not the end of us.
    ::signal(SIGXFSZ, SIG_IGN);
    ::signal(SIGPIPE, SIG_IGN);
    std::thread(wait_for_signals, signals).detach();
}

}  // namespace gatewright
