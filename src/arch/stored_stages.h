// SPDX-License-Identifier: Apache-2.0
//
// The function of a staged design as JSON: streams, windows, parts and heads, everything the
// emulator needs and nothing of the hardware. stages.json of a design directory; docs/
// design_directory.md describes it.
#pragma once

#include "arch/stages.h"
#include "support/json.h"

namespace gatewright::arch {

Json to_json(const StagedDesign& design);

/// Reads it back. Ports come from design.json. The structure is checked (check_structure in
/// stored_stages_check.h); the programs' claims of ranges are believed, as of a file whose hash is
/// right (dfg::parse_stored_text).
Result<StagedDesign> stages_from_json(const Json& json, const dfg::Interface& ports);

}  // namespace gatewright::arch
