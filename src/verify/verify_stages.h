// SPDX-License-Identifier: Apache-2.0
//
// The differential harness for a design of stages: reference = plan = emulator = netlist simulator
// = Verilator, every bit of every output, with words offered and taken back to back and with random
// gaps and back-pressure. What the rates promise (cycles to the first and last word, cycles between
// events) is measured against it.
#pragma once

#include "rtl/stages/build.h"
#include "schedule/stages.h"
#include "verify/verify.h"

namespace gatewright::verify {

struct StagedVerifyInput {
    const model::TypedGraph& typed;
    const arch::StagedDesign& design;
    const schedule::StagedSchedule& schedule;
    const rtl::StagedNetlist& hardware;
    std::string directory;
};

/// As verify_design(). No proofs: `proofs` of the parts' layers only.
Result<VerifyResult> verify_stages(const StagedVerifyInput& input, const VerifyParams& params);

}  // namespace gatewright::verify
