// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace gatewright::cli {
namespace {

// Characters a terminal shows, not bytes: continuation bytes of UTF-8 take no column.
std::size_t shown_width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

bool looks_numeric(const std::string& word) {
    return word.empty() || word == "-" || std::isdigit(static_cast<unsigned char>(word[0])) != 0;
}

}  // namespace

std::string to_table(const std::vector<std::vector<std::string>>& rows) {
    if (rows.empty()) return {};
    const std::size_t columns = rows[0].size();
    std::vector<std::size_t> widths(columns, 0);
    std::vector<bool> numeric(columns, true);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        for (std::size_t c = 0; c < columns; ++c) {
            widths[c] = std::max(widths[c], shown_width(rows[r][c]));
            if (r > 0) numeric[c] = numeric[c] && looks_numeric(rows[r][c]);
        }
    }
    std::string out;
    for (const auto& row : rows) {
        std::string line = " ";
        for (std::size_t c = 0; c < columns; ++c) {
            const std::string padding(widths[c] - shown_width(row[c]), ' ');
            line += ' ' + (numeric[c] ? padding + row[c] : row[c] + padding) + ' ';
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    return out;
}

std::string with_commas(std::int64_t value) {
    std::string digits = fmt::format("{}", value < 0 ? -value : value);
    for (std::size_t place = digits.size(); place > 3;) {
        place -= 3;
        digits.insert(place, 1, ',');
    }
    return (value < 0 ? "-" : "") + digits;
}

}  // namespace gatewright::cli
