// SPDX-License-Identifier: Apache-2.0
//
// Event files for a design: from the arrays a user names to codes for the emulator.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dfg/interface.h"
#include "emulate/batch_function.h"
#include "support/result.h"
#include "tensor/tensor.h"

namespace gatewright::cli {

/// Codes of all events, event-major over all ports' elements.
struct Events {
    std::size_t count = 0;
    std::vector<std::int64_t> codes;
};

/// One file per input port, in order or as "port=file"; each [events, ...shape] or [events,
/// elements]. Real values, cast by the ports' types.
Result<Events> read_events(const dfg::Interface& ports, const std::vector<std::string>& files);

/// The files' real values, one tensor per port, [events, ...shape].
Result<std::vector<tensor::Tensor<double>>> read_port_arrays(const std::vector<dfg::Port>& ports,
                                                             const std::vector<std::string>& files);

/// The file of each port, from "file" (next free port) and "port=file".
Result<std::vector<std::string>> assign_files(const std::vector<dfg::Port>& ports,
                                              const std::vector<std::string>& files);

/// Event files carry at most 63 bits per element.
Status check_lanes(const dfg::Interface& ports);

/// Output codes of all events through the emulator.
std::vector<std::int64_t> run_codes(const emulate::BatchFunction& engine,
                                    std::span<const std::int64_t> inputs, std::size_t events);

}  // namespace gatewright::cli
