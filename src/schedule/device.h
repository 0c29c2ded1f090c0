// SPDX-License-Identifier: Apache-2.0
//
// Delay models as data: devices/*.json, built into the library. Every number has its source in the
// file. A path from register to register takes register_ps + the sum over its operations of (net_ps
// + delay_ps(operation)); docs/adding_a_device.md shows how to fill in a new part.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace gatewright::schedule {

/// Nets get longer as a design fills more of the device: factor on net_ps at a number of cells,
/// logarithmic between the points, constant outside them.
struct NetGrowth {
    std::vector<double> cells;
    std::vector<double> factor;
};

/// A net to many sinks is longer than one to a single sink: factor on net_ps at a number of sinks,
/// logarithmic between the points, constant outside them. Without points nets do not grow.
struct FanoutGrowth {
    std::vector<double> sinks;
    std::vector<double> factor;
};

struct Capacity {
    std::int64_t lut = 0;
    std::int64_t ff = 0;
    std::int64_t dsp = 0;
    std::int64_t bram = 0;
};

struct Device {
    std::string part;         ///< "xcvu13p-2"
    std::string vendor_part;  ///< what the vendor's tool calls it: "xcvu13p-flga2577-2-e"
    std::string family;       ///< Yosys family for synthesis: xcup, xcu, xc7, ice40
    std::string description;
    int lut_inputs = 6;
    double lut_ps = 0;          ///< through one LUT
    double carry_entry_ps = 0;  ///< operand through LUT into the carry chain, and out to a sum bit
    double carry_ps_per_bit = 0;
    int carry_block_bits = 0;   ///< bits in one carry block (CARRY8: 8); 0: no blocks
    double carry_block_ps = 0;  ///< more for each further block a chain runs through
    /// LUT in front of a chain that inverts what is subtracted; 0: the chain's own LUTs invert.
    double inversion_ps = 0;
    /// Logic behind the chain of a comparison that makes one bit of its carries; 0: none.
    double comparison_exit_ps = 0;
    double net_ps = 0;         ///< net between two levels of logic, small design
    double register_ps = 0;    ///< clock-to-out plus setup plus clock uncertainty
    double max_clock_mhz = 0;  ///< limit of the clock network: nothing is promised above it
    NetGrowth net_growth;
    FanoutGrowth fanout_growth;
    bool has_ternary_adders = false;  ///< a + b + c in one carry chain, without further LUTs
    Capacity capacity;
};

/// The device named by `part`; an unknown name is an error that lists the known ones. The leading
/// "xc", the package and a missing speed grade are forgiven: "vu13p", "xcvu13p", "xcvu13p-2" and
/// "xcvu13p-flga2577-2-e" are the same device. A name that ends in ".json" is a device file, such
/// as `gatewright calibrate` writes.
Result<Device> find_device(const std::string& part);
std::vector<Device> all_devices();

/// One device file's text.
Result<Device> parse_device(std::string_view json);

/// The device with net_ps as it is in a design of this many cells.
Device at_size(Device device, double cells);

/// Delay of a net to this many sinks.
double net_ps(const Device& device, std::size_t sinks);

}  // namespace gatewright::schedule
