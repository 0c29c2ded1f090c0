// SPDX-License-Identifier: Apache-2.0
//
// Delay models as data: devices/*.json, built into the library. Every number has its source in the file.
#pragma once

#include <string>
#include <vector>

#include "support/result.h"

namespace gatewright::schedule {

struct Device {
    std::string part;         ///< "xcvu13p-2"
    std::string family;       ///< Yosys family for synthesis: xcup, xc7, ice40
    std::string description;
    int lut_inputs = 6;
    double lut_ps = 0;             ///< one LUT with its local net
    double carry_entry_ps = 0;     ///< operand through LUT into the carry chain, and out to a sum bit
    double carry_ps_per_bit = 0;
    double net_ps = 0;             ///< net between two levels of logic
    double register_ps = 0;        ///< clock-to-out plus setup
    double max_clock_mhz = 0;      ///< limit of the clock network: nothing is promised above it
};

/// The device named by `part`; an unknown name is an error that lists the known ones.
Result<Device> find_device(const std::string& part);
std::vector<Device> all_devices();

}  // namespace gatewright::schedule
