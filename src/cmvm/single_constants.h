// SPDX-License-Identifier: Apache-2.0
//
// One value times one constant with the fewest adders: an exhaustive table. A chain of k adders
// makes k odd numbers, each a·2^i ± b of two earlier ones; all chains of three adders are walked
// through, which takes milliseconds, and every odd constant below 2^12 that they miss is found one
// adder further (four always suffice there: Dempster and Macleod, IEE Proc. Circuits Devices Syst.
// 141, 1994). Of chains with equally many adders the one with the fewest carry cells is kept.
// A sum that needs a shift to the right afterwards is not used: values here are integers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cmvm/adder_graph.h"

namespace gatewright::cmvm {

class SingleConstants {
  public:
    static constexpr std::int64_t kEnd = 1 << 12;

    /// Made once per program, at first use.
    static const SingleConstants& table();
    SingleConstants();

    /// The adders of an odd constant, 0 < constant < kEnd; value 0 is the input, then the adders in
    /// order, the last one the product. None for 1.
    [[nodiscard]] std::span<const AdderNode> chain(std::int64_t constant) const {
        return entries_[static_cast<std::size_t>(constant / 2)].adders;
    }

  private:
    // Constants that chains may pass through.
    static constexpr std::int64_t kMostOnTheWay = 2 * kEnd;
    static constexpr std::size_t kWalkedAdders = 3;

    struct Entry {
        std::vector<AdderNode> adders;
        int cells = 0;
        bool known = false;
    };

    template <class Visit>
    void for_each_next(std::span<const std::int64_t> values, const Visit& visit) const;
    void walk(std::vector<std::int64_t>& values, std::vector<AdderNode>& adders, int cells);
    void offer(std::int64_t constant, const std::vector<AdderNode>& adders, int cells);
    void extend_by_one();

    std::vector<Entry> entries_;  // of 1, 3, 5 …
};

}  // namespace gatewright::cmvm
