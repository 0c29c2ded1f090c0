// SPDX-License-Identifier: Apache-2.0
//
// The words for a hardware plan, as the command line, the TOML file and design.json write them.
#pragma once

#include <string_view>

#include "arch/mapping.h"
#include "support/json.h"

namespace gatewright::compile {

Result<arch::Io> parse_io(std::string_view text);                    ///< parallel, stream
Result<arch::WeightStore> parse_weights(std::string_view text);      ///< constant, loadable
Result<arch::Multipliers> parse_multipliers(std::string_view text);  ///< logic, dsp

Json to_json(const arch::MappingParams& mapping);
Result<arch::MappingParams> mapping_from_json(const Json& json);

/// The options that give this mapping: " --io stream --reuse 8"; per-layer ones stand in the TOML
/// file only.
std::string to_options(const arch::MappingParams& mapping);

}  // namespace gatewright::compile
