// SPDX-License-Identifier: Apache-2.0
#include "support/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

namespace gatewright {

Progress::Progress() : on_terminal_(::isatty(STDERR_FILENO) == 1) {}
Progress::Progress(Listener listener) : on_terminal_(false), listener_(std::move(listener)) {}
Progress::~Progress() {
    finish();
}

void Progress::stage(std::string_view name) {
    close_stage();
    started_ = watch_.seconds();
    seconds_.emplace_back(std::string(name), 0.0);
    open_ = true;
    if (listener_) listener_(name);
    if (on_terminal_) {
        fmt::print(stderr, "\r\033[K  {:.1f} s  {} ...", started_, name);
        std::fflush(stderr);
    }
}

void Progress::advance(std::size_t done, std::optional<std::size_t> total,
                       std::string_view things) {
    constexpr double kRefresh = 0.1;
    const double now = watch_.seconds();
    if (!on_terminal_ || !open_ || now - shown_ < kRefresh) return;
    shown_ = now;
    const double spent = now - started_;
    const double rate = spent > 0 ? static_cast<double>(done) / spent : 0;
    std::string left;
    if (total && rate > 0) {
        const double missing = static_cast<double>(*total) - static_cast<double>(done);
        left = fmt::format(" of {} ({:.0f} s left)", *total, missing / rate);
    }
    fmt::print(stderr, "\r\033[K  {:.1f} s  {}: {}{} {}, {:.3g}/s", now, seconds_.back().first,
               done, left, things, rate);
    std::fflush(stderr);
}

void Progress::close_stage() {
    if (open_) seconds_.back().second += watch_.seconds() - started_;
    open_ = false;
}

void Progress::finish() {
    if (open_ && on_terminal_) {
        fmt::print(stderr, "\r\033[K");
        std::fflush(stderr);
    }
    close_stage();
}

}  // namespace gatewright
