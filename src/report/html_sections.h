// SPDX-License-Identifier: Apache-2.0
//
// The parts of the report page. Each takes the whole report and returns markup, or an empty text if
// the report has nothing for it.
#pragma once

#include <string>

#include "support/json.h"

namespace gatewright::report {

/// What the model is, in two sentences.
std::string header(const Json& report);
std::string warnings(const Json& report);
/// Latency, clock, LUT, FF, verification, accuracy.
std::string headline_cards(const Json& report);
std::string footer(const Json& report);

std::string layers_section(const Json& report);
/// Of a design of stages: stages, ports and FIFOs.
std::string stages_section(const Json& report);
std::string pipeline_section(const Json& report);
std::string critical_path_section(const Json& report);
std::string tradeoff_section(const Json& report);
std::string passes_section(const Json& report);
std::string resources_section(const Json& report);
std::string distributions_section(const Json& report);
std::string accuracy_section(const Json& report);
std::string evidence_section(const Json& report);
std::string commands_section(const Json& report);

}  // namespace gatewright::report
