// SPDX-License-Identifier: Apache-2.0
//
// The program `gatewright`: prints what cli/answer.h says.
#include <fmt/format.h>

#include <cstdio>

#include "cli/answer.h"
#include "support/interrupt.h"

namespace {

int print(const gatewright::cli::Answer& answer) {
    const std::string& text = answer.output;
    const bool printed = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (answer.exit_code == gatewright::cli::kWrongUsage) {
        fmt::print(stderr, "{}", answer.error);
    } else if (!answer.error.empty()) {
        fmt::print(stderr, "gatewright: error: {}\n", answer.error);
    }
    if (printed && std::fflush(stdout) == 0) return answer.exit_code;
    fmt::print(stderr, "gatewright: error: standard output cannot be written\n");
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    gatewright::handle_interrupts();
    gatewright::Progress progress;
    return print(
        gatewright::cli::answer(std::vector<std::string>(argv + 1, argv + argc), progress));
}
