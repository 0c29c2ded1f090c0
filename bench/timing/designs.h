// SPDX-License-Identifier: Apache-2.0
//
// The networks whose clocks are estimated and measured. Two sets that share no network, no seed and
// no size: one to fit the device's numbers on, the other to judge them by.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "support/json.h"

namespace gatewright::bench {

struct TimingDesign {
    std::string name;
    std::string kind;      ///< what it is made of, for the table
    Json model;            ///< native format; null if file says where the model is
    std::string file;      ///< a trained network
    double clock_mhz = 0;  ///< asked for, on iCE40 HX
};

/// To fit on: single matrices and small networks of two layers.
std::vector<TimingDesign> calibration_designs();

/// To judge by: networks of several layers of many kinds, single matrices of other sizes, and
/// trained networks (those of ../shared/data only where that folder exists).
std::vector<TimingDesign> evaluation_designs();

}  // namespace gatewright::bench
