// SPDX-License-Identifier: Apache-2.0
//
// emulate DESIGN < events.csv > results.csv: one event per line, the values of all input ports in
// order, separated by commas or blanks. What the design would answer, bit for bit.
#include <gatewright/emulator.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace {

void describe(const char* what, const std::vector<gatewright::Port>& ports) {
    for (const gatewright::Port& port : ports) {
        std::fprintf(stderr, "%s %s: %zu values, the first is %s\n", what, port.name.c_str(),
                     port.elements.size(),
                     port.elements.empty() ? "-" : port.elements[0].type.c_str());
    }
}

bool read_event(const std::string& line, std::vector<double>& values) {
    const char* at = line.c_str();
    while (*at != '\0') {
        char* end = nullptr;
        values.push_back(std::strtod(at, &end));
        if (end == at) return false;
        at = end;
        while (*at == ',' || *at == ' ' || *at == '\t' || *at == '\r') ++at;
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s DESIGN < events.csv > results.csv\n", argv[0]);
        return 2;
    }
    const auto design = gatewright::Emulator::load(argv[1]);
    if (!design) {
        std::fprintf(stderr, "%s\n", design.error().message.c_str());
        return 1;
    }
    describe("input", design->inputs());
    describe("output", design->outputs());
    std::fprintf(stderr, "%s: %d cycles at %g MHz on %s\n", design->name().c_str(),
                 design->latency_cycles(), design->clock_mhz(), design->part().c_str());

    std::vector<double> x;
    for (std::string line; std::getline(std::cin, line);) {
        if (read_event(line, x)) continue;
        std::fprintf(stderr, "no number: %s\n", line.c_str());
        return 1;
    }
    const std::size_t events = x.size() / design->input_count();
    std::vector<double> y(events * design->output_count());
    if (const auto done = design->run(x, y, gatewright::Threads::kAll); !done) {
        std::fprintf(stderr, "%s\n", done.error().message.c_str());
        return 1;
    }
    for (std::size_t i = 0; i < y.size(); ++i)
        std::printf("%.17g%c", y[i], (i + 1) % design->output_count() == 0 ? '\n' : ',');
    return 0;
}
