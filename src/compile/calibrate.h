// SPDX-License-Identifier: Apache-2.0
//
// A device file from a vendor's timing reports: the medians of what its routed paths are made of,
// in the terms of our delay model (schedule/device.h). What the reports do not show stays as in the
// device one starts from, and says so in its source.
#pragma once

#include <optional>
#include <vector>

#include "schedule/device.h"
#include "support/json.h"
#include "tools/vivado_timing.h"

namespace gatewright::compile {

struct Calibration {
    Json device;  ///< a device file's content
    std::size_t paths = 0;
    std::size_t nets = 0;
    std::vector<std::string> kept;  ///< fields no report showed
};

/// `luts` is the size of the reports' design; without it nets are taken as they are at every size.
/// An error if there is no path with an arc from a register's clock pin.
Result<Calibration> calibrate(const schedule::Device& start,
                              const std::vector<tools::VivadoTiming>& reports,
                              std::optional<std::int64_t> luts);

}  // namespace gatewright::compile
