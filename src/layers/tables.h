// SPDX-License-Identifier: Apache-2.0
//
// Lookup tables in infer() and lower(): a function from values to codes, tabulated over every code
// of a format. Entries that no event can reach repeat the nearest reachable one, so that they do
// not widen the table's range (and later let a logic optimizer choose).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "dfg/builder.h"
#include "fixed/interval.h"
#include "support/result.h"

namespace gatewright::layers {

/// The result's code at a fixed number of fraction bits.
using CodeOf = std::function<fixed::Integer(const fixed::Dyadic& x)>;

/// Refuses inputs that are too wide (20 bits) or too far from 1 (2^±300) for a table.
Status expect_tabulable(const fixed::Interval& input, std::string_view what);

/// Emits lookups of one function. Elements alike share their table.
class TableEmitter {
  public:
    TableEmitter(dfg::Builder& builder, std::string name, CodeOf code_of, int frac);
    /// f(x) for x known to lie in `reachable`.
    dfg::ValueId emit(dfg::ValueId x, const fixed::Interval& reachable);

  private:
    using Key = std::tuple<bool, int, int, std::string, std::string>;
    dfg::Builder& builder_;
    std::string name_;
    CodeOf code_of_;
    int frac_;
    std::map<Key, std::vector<fixed::Integer>> tables_;
};

/// Ranges of one function's results, each found by trying every code of its input.
class TableRanges {
  public:
    TableRanges(CodeOf code_of, int frac) : code_of_(std::move(code_of)), frac_(frac) {}
    const fixed::Interval& of(const fixed::Interval& input);

  private:
    CodeOf code_of_;
    int frac_;
    std::map<std::tuple<std::string, std::string, int>, fixed::Interval> ranges_;
};

/// The low bits of x, which hold it because x is known to lie in `known`: free in hardware, and
/// narrow where interval arithmetic on the operations that made x forgets what is known.
dfg::ValueId narrowed(dfg::Builder& builder, dfg::ValueId x, const fixed::Interval& known);

}  // namespace gatewright::layers
