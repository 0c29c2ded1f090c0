// SPDX-License-Identifier: Apache-2.0
//
// The C interface (include/gatewright.h): every exception ends here as a status and a message.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "gatewright.h"
#include "runtime/emulator.h"
#include "support/check.h"

namespace {

using gatewright::runtime::Emulator;
using gatewright::runtime::RunError;
using gatewright::runtime::RunProblem;

// Plain memory, so that a thread that ends after the library was closed runs none of its code.
constexpr std::size_t kLongestMessage = 2048;
thread_local char last_message[kLongestMessage] = "no error";

int failed(int status, std::string_view message) noexcept {
    const std::size_t length = std::min(message.size(), kLongestMessage - 1);
    std::memcpy(last_message, message.data(), length);
    last_message[length] = '\0';
    return status;
}

// body() with every exception turned into a status.
template <class Body>
int guarded(const Body& body) noexcept {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return failed(GATEWRIGHT_NO_MEMORY, "out of memory");
    } catch (const std::exception& error) {
        return failed(GATEWRIGHT_DEFECT, error.what());
    } catch (...) {
        return failed(GATEWRIGHT_DEFECT, "unknown exception");
    }
}

int status_of(const RunError& error) noexcept {
    switch (error.problem) {
        case RunProblem::kNone:
            return GATEWRIGHT_OK;
        case RunProblem::kArgument:
            return failed(GATEWRIGHT_BAD_ARGUMENT, error.message);
        case RunProblem::kValue:
            return failed(GATEWRIGHT_BAD_VALUE, error.message);
    }
    return failed(GATEWRIGHT_DEFECT, "unknown problem");
}

}  // namespace

struct gatewright_emulator {
    Emulator emulator;
    // Texts that queries point into, one entry per element of all ports: [inputs, outputs].
    std::vector<std::string> types[2];

    [[nodiscard]] const std::vector<gatewright::dfg::Port>& ports(int direction) const {
        const auto& all = emulator.stored().ports;
        return direction == GATEWRIGHT_INPUT ? all.inputs : all.outputs;
    }
};

namespace {

constexpr const char* kNoEmulator = "the emulator is a null pointer";

bool is_direction(int direction) noexcept {
    return direction == GATEWRIGHT_INPUT || direction == GATEWRIGHT_OUTPUT;
}

int no_direction(int direction) {
    return failed(
        GATEWRIGHT_BAD_ARGUMENT,
        fmt::format("direction {} is neither GATEWRIGHT_INPUT nor GATEWRIGHT_OUTPUT", direction));
}

// The port that holds element `index` of a direction's ports; moves `index` into the port.
const gatewright::dfg::Port* port_of(const gatewright_emulator& handle, int direction,
                                     std::size_t& index) {
    for (const auto& port : handle.ports(direction)) {
        if (index < port.elements.size()) return &port;
        index -= port.elements.size();
    }
    return nullptr;
}

// Checks what every run checks, then run(spans).
template <class Value, class Run>
int run_checked(const gatewright_emulator* handle, const Value* inputs, std::size_t input_values,
                Value* outputs, std::size_t output_values, const Run& run) noexcept {
    return guarded([&] {
        if (handle == nullptr) return failed(GATEWRIGHT_BAD_ARGUMENT, kNoEmulator);
        if ((inputs == nullptr && input_values > 0) || (outputs == nullptr && output_values > 0))
            return failed(GATEWRIGHT_BAD_ARGUMENT, "an array is a null pointer");
        return status_of(run(handle->emulator, std::span(inputs, input_values),
                             std::span(outputs, output_values)));
    });
}

template <class Real>
int run_reals(const gatewright_emulator* handle, const Real* inputs, std::size_t input_values,
              Real* outputs, std::size_t output_values, unsigned threads) noexcept {
    return run_checked(handle, inputs, input_values, outputs, output_values,
                       [&](const Emulator& emulator, auto in, auto out) {
                           return emulator.run<Real>(in, out, threads);
                       });
}

template <class Code>
int run_codes(const gatewright_emulator* handle, const Code* inputs, std::size_t input_values,
              Code* outputs, std::size_t output_values, unsigned threads) noexcept {
    return run_checked(handle, inputs, input_values, outputs, output_values,
                       [&](const Emulator& emulator, auto in, auto out) {
                           return emulator.run_codes<Code>(in, out, threads);
                       });
}

}  // namespace

extern "C" {

int gatewright_abi_version(void) {
    return GATEWRIGHT_ABI_VERSION;
}
const char* gatewright_version(void) {
    return GW_VERSION;
}
const char* gatewright_last_error(void) {
    return last_message;
}

int gatewright_load(const char* path, gatewright_emulator** emulator) {
    return guarded([&] {
        if (path == nullptr || emulator == nullptr) {
            return failed(GATEWRIGHT_BAD_ARGUMENT,
                          "gatewright_load needs a path and a place for the emulator");
        }
        auto stored = gatewright::runtime::load_program(path);
        if (!stored) return failed(GATEWRIGHT_CANNOT_LOAD, stored.error().message);
        auto handle = std::make_unique<gatewright_emulator>(
            gatewright_emulator{Emulator(std::move(*stored)), {}});
        for (const int direction : {GATEWRIGHT_INPUT, GATEWRIGHT_OUTPUT}) {
            for (const auto& port : handle->ports(direction)) {
                for (const auto& element : port.elements)
                    handle->types[direction].push_back(to_string(element));
            }
        }
        *emulator = handle.release();
        return static_cast<int>(GATEWRIGHT_OK);
    });
}

void gatewright_free(gatewright_emulator* emulator) {
    const std::unique_ptr<gatewright_emulator> owned(emulator);
}

const char* gatewright_name(const gatewright_emulator* emulator) {
    return emulator == nullptr ? "" : emulator->emulator.stored().name.c_str();
}
const char* gatewright_part(const gatewright_emulator* emulator) {
    return emulator == nullptr ? "" : emulator->emulator.stored().part.c_str();
}
double gatewright_clock_mhz(const gatewright_emulator* emulator) {
    return emulator == nullptr ? 0 : emulator->emulator.stored().clock_mhz;
}
int gatewright_latency_cycles(const gatewright_emulator* emulator) {
    return emulator == nullptr ? 0 : emulator->emulator.stored().latency_cycles;
}
int gatewright_initiation_interval(const gatewright_emulator* emulator) {
    return emulator == nullptr ? 0 : emulator->emulator.stored().initiation_interval;
}

size_t gatewright_port_count(const gatewright_emulator* emulator, int direction) {
    if (emulator == nullptr || !is_direction(direction)) return 0;
    return emulator->ports(direction).size();
}

size_t gatewright_element_count(const gatewright_emulator* emulator, int direction) {
    if (emulator == nullptr || !is_direction(direction)) return 0;
    return direction == GATEWRIGHT_INPUT ? emulator->emulator.input_count()
                                         : emulator->emulator.output_count();
}

int gatewright_get_port(const gatewright_emulator* emulator, int direction, size_t index,
                        gatewright_port* port) {
    return guarded([&] {
        if (emulator == nullptr || port == nullptr)
            return failed(GATEWRIGHT_BAD_ARGUMENT, kNoEmulator);
        if (!is_direction(direction)) return no_direction(direction);
        const auto& ports = emulator->ports(direction);
        if (index >= ports.size()) {
            return failed(GATEWRIGHT_BAD_ARGUMENT,
                          fmt::format("port {} asked for, there are {}", index, ports.size()));
        }
        std::size_t first = 0;
        for (std::size_t p = 0; p < index; ++p) first += ports[p].elements.size();
        const auto& found = ports[index];
        *port = {found.name.c_str(), found.shape.data(), found.shape.size(), found.elements.size(),
                 first};
        return static_cast<int>(GATEWRIGHT_OK);
    });
}

int gatewright_get_format(const gatewright_emulator* emulator, int direction, size_t element,
                          gatewright_format* format) {
    return guarded([&] {
        if (emulator == nullptr || format == nullptr)
            return failed(GATEWRIGHT_BAD_ARGUMENT, kNoEmulator);
        if (!is_direction(direction)) return no_direction(direction);
        std::size_t in_port = element;
        const auto* port = port_of(*emulator, direction, in_port);
        if (port == nullptr) {
            return failed(GATEWRIGHT_BAD_ARGUMENT,
                          fmt::format("element {} asked for, there are {}", element,
                                      gatewright_element_count(emulator, direction)));
        }
        const auto& found = port->elements[in_port].format;
        *format = {found.is_signed ? 1 : 0, found.width, found.frac,
                   emulator->types[direction][element].c_str()};
        return static_cast<int>(GATEWRIGHT_OK);
    });
}

int gatewright_run_f64(const gatewright_emulator* emulator, const double* inputs,
                       size_t input_values, double* outputs, size_t output_values,
                       unsigned threads) {
    return run_reals(emulator, inputs, input_values, outputs, output_values, threads);
}
int gatewright_run_f32(const gatewright_emulator* emulator, const float* inputs,
                       size_t input_values, float* outputs, size_t output_values,
                       unsigned threads) {
    return run_reals(emulator, inputs, input_values, outputs, output_values, threads);
}
int gatewright_run_i16(const gatewright_emulator* emulator, const int16_t* inputs,
                       size_t input_values, int16_t* outputs, size_t output_values,
                       unsigned threads) {
    return run_codes(emulator, inputs, input_values, outputs, output_values, threads);
}
int gatewright_run_i32(const gatewright_emulator* emulator, const int32_t* inputs,
                       size_t input_values, int32_t* outputs, size_t output_values,
                       unsigned threads) {
    return run_codes(emulator, inputs, input_values, outputs, output_values, threads);
}
int gatewright_run_i64(const gatewright_emulator* emulator, const int64_t* inputs,
                       size_t input_values, int64_t* outputs, size_t output_values,
                       unsigned threads) {
    return run_codes(emulator, inputs, input_values, outputs, output_values, threads);
}

}  // extern "C"
