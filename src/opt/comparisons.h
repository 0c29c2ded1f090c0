// SPDX-License-Identifier: Apache-2.0
//
// Comparisons of sums, for the decisions pass (rule table in opt/decisions.h): a comparison needs
// no sum where it can take the operands themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "opt/copier.h"

namespace gatewright::opt {

/// A value equal to the comparison `id`, with less to compute; nullopt if no rule applies. `uses`
/// are the use counts of the copier's source.
std::optional<dfg::ValueId> simpler_comparison(Copier& copier,
                                               const std::vector<std::uint32_t>& uses,
                                               dfg::ValueId id);

/// One unsigned bit without fraction.
bool is_bit(const dfg::Node& node);

}  // namespace gatewright::opt
