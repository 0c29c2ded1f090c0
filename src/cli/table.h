// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gatewright::cli {

/// Rows of words as aligned columns; the first row is the heading. Columns whose every word below
/// the heading starts like a number are aligned to the right.
std::string to_table(const std::vector<std::vector<std::string>>& rows);

/// 1234567 -> "1,234,567".
std::string with_commas(std::int64_t value);

}  // namespace gatewright::cli
