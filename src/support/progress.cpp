// SPDX-License-Identifier: Apache-2.0
#include "support/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

namespace gatewright {

Progress::Progress() : on_terminal_(::isatty(STDERR_FILENO) == 1) {}
Progress::~Progress() {
    finish();
}

void Progress::stage(std::string_view name) {
    close_stage();
    started_ = watch_.seconds();
    seconds_.emplace_back(std::string(name), 0.0);
    open_ = true;
    if (on_terminal_) {
        fmt::print(stderr, "\r\033[K  {:.1f} s  {} ...", started_, name);
        std::fflush(stderr);
    }
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
