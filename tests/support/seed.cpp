// SPDX-License-Identifier: Apache-2.0
#include "support/seed.h"

#include <fmt/core.h>

#include <cstdlib>

namespace gatewright::testing {

std::uint64_t test_seed(std::uint64_t fallback) {
    const char* wanted = std::getenv("GW_SEED");
    const std::uint64_t seed = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : fallback;
    fmt::print("GW_SEED={}\n", seed);
    return seed;
}

}  // namespace gatewright::testing
