// SPDX-License-Identifier: Apache-2.0
//
// Columns that resemble each other: a column that is another column plus a little is cheaper made
// from that other column. A tree over the columns, rooted in the zero column, writes each column as
// the sum of the differences along its path from the root, W = differences · paths; both factors
// are then solved. The tree is Prim's minimum spanning tree over the number of signed digits of
// column_i ± column_j·2^s, with at most `hops` edges from the root (hops = 1: no differences at
// all), and never so deep that a path could not be summed within its column's depth limit.
//
// Rows that resemble each other are the same problem turned over: row_i = ±row_j·2^s + a little
// means that x_i is added to x_j first (search.cpp).
#pragma once

#include <vector>

#include "cmvm/sum_tree.h"

namespace gatewright::cmvm {

using Column = std::vector<std::int64_t>;

/// Every original column is ±distinct[source]·2^shift, or zero (source -1).
struct DistinctColumns {
    struct Origin {
        std::int32_t source = -1;
        std::int32_t shift = 0;
        bool negative = false;
    };
    std::vector<Column> distinct;  ///< no zero column, none a signed power of two times another
    std::vector<Origin> origins;
};
DistinctColumns distinct_columns(const std::vector<Column>& columns);

struct Differences {
    std::vector<Column> columns;    ///< distinct difference columns
    std::vector<int> depth_limits;  ///< one per difference column
    std::vector<Sum> paths;         ///< one per original column, over the difference columns
};

/// Signed digits of a column.
int digit_count(const Column& column);
struct DifferenceParams {
    int hops = 1;
    int most_shift = 0;  ///< s goes up to this
};
/// `depth_limits`: of each column; `arrival`: level of each row.
Differences split_by_differences(const std::vector<Column>& columns, const DifferenceParams& params,
                                 const std::vector<int>& depth_limits,
                                 const std::vector<int>& arrival);

}  // namespace gatewright::cmvm
