// SPDX-License-Identifier: Apache-2.0
//
// The seed of a random test: printed, and taken from the environment, so that a failure repeats.
#pragma once

#include <cstdint>

namespace gatewright::testing {

/// GW_SEED from the environment, else `fallback`; printed, so that a failure can be repeated.
std::uint64_t test_seed(std::uint64_t fallback);

}  // namespace gatewright::testing
