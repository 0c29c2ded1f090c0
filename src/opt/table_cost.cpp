// SPDX-License-Identifier: Apache-2.0
#include "opt/table_cost.h"

#include <set>
#include <string>
#include <vector>

#include "support/check.h"

namespace gatewright::opt {
namespace {

constexpr std::size_t kLutInputs = 6;

// A boolean function as its column of '0' and '1', variable 0 the fastest.
using Column = std::string;

// Strides of the variables the column depends on, ascending.
std::vector<std::size_t> support(const Column& column) {
    std::vector<std::size_t> strides;
    for (std::size_t stride = 1; stride < column.size(); stride *= 2) {
        for (std::size_t i = 0; i < column.size(); ++i) {
            if ((i & stride) != 0 || column[i] == column[i | stride]) continue;
            strides.push_back(stride);
            break;
        }
    }
    return strides;
}

// The function with one variable fixed, still a column over all variables: so equal texts are equal
// functions of the same index bits.
Column fixed_at(const Column& column, std::size_t stride, bool one) {
    Column out = column;
    for (std::size_t i = 0; i < column.size(); ++i) {
        out[i] = column[one ? (i | stride) : (i & ~stride)];
    }
    return out;
}

// Counts LUTs of columns, each distinct part once.
class LutCounter {
  public:
    std::int64_t count(const Column& column) {
        if (!seen_.insert(column).second) return 0;
        const std::vector<std::size_t> strides = support(column);
        if (strides.size() <= 1) return 0;  // constant, copy or inverse
        if (strides.size() <= kLutInputs) return 1;
        // One LUT6 joins four parts by two index bits, a smaller one two parts by one.
        std::int64_t luts = 1;
        const std::size_t top = strides.back();
        const std::size_t next = strides[strides.size() - 2];
        for (const bool high : {false, true}) {
            const Column half = fixed_at(column, top, high);
            if (strides.size() == kLutInputs + 1) {
                luts += count(half);
            } else {
                luts += count(fixed_at(half, next, false)) + count(fixed_at(half, next, true));
            }
        }
        return luts;
    }

  private:
    std::set<Column> seen_;
};

}  // namespace

std::int64_t table_luts(const dfg::Table& table, int index_bits, int width) {
    GW_CHECK(index_bits >= 0 && index_bits < 31, "index of a table");
    if (index_bits > kExactTableBits) {
        const std::int64_t leaves = std::int64_t{1} << (index_bits - static_cast<int>(kLutInputs));
        return width * (leaves + (leaves - 1) / 3);
    }
    LutCounter counter;
    std::int64_t luts = 0;
    for (int bit = 0; bit < width; ++bit) {
        Column column;
        column.reserve(table.codes.size());
        for (const fixed::Integer& code : table.codes) column += code.bit(bit) ? '1' : '0';
        luts += counter.count(column);
    }
    return luts;
}

}  // namespace gatewright::opt
