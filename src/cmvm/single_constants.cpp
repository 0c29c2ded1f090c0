// SPDX-License-Identifier: Apache-2.0
#include "cmvm/single_constants.h"

#include <algorithm>
#include <bit>

namespace gatewright::cmvm {
namespace {

constexpr int kInputBits = 8;  // of the input for which cells are compared

int bits(std::int64_t value) {
    return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(value)));
}

std::int64_t product(const AdderNode& adder, std::span<const std::int64_t> values) {
    const std::int64_t a = values[static_cast<std::size_t>(adder.a)] << adder.shift_a;
    const std::int64_t b = values[static_cast<std::size_t>(adder.b)] << adder.shift_b;
    return adder.subtract ? a - b : a + b;
}

// All factors are odd, so an operand begins at its shift.
int cells_of(const AdderNode& adder, std::int64_t made) {
    const int first = adder.subtract ? adder.shift_b : std::max(adder.shift_a, adder.shift_b);
    return bits(made) + kInputBits - first;
}

}  // namespace

const SingleConstants& SingleConstants::table() {
    static const SingleConstants instance;
    return instance;
}

// Every sum or positive difference of two of the values, one of them shifted up.
template <class Visit>
void SingleConstants::for_each_next(std::span<const std::int64_t> values,
                                    const Visit& visit) const {
    const auto count = static_cast<std::int32_t>(values.size());
    for (std::int32_t up = 0; up < count; ++up) {
        for (std::int32_t other = 0; other < count; ++other) {
            const std::int64_t low = values[static_cast<std::size_t>(other)];
            for (int shift = 1;; ++shift) {
                const std::int64_t high = values[static_cast<std::size_t>(up)] << shift;
                if (high - low >= kMostOnTheWay) break;
                if (high + low < kMostOnTheWay)
                    visit(AdderNode{up, other, shift, 0, false}, high + low);
                if (high > low) visit(AdderNode{up, other, shift, 0, true}, high - low);
                if (low > high) visit(AdderNode{other, up, 0, shift, true}, low - high);
            }
        }
    }
}

void SingleConstants::offer(std::int64_t constant, const std::vector<AdderNode>& adders,
                            int cells) {
    Entry& entry = entries_[static_cast<std::size_t>(constant / 2)];
    if (entry.known &&
        std::pair(entry.adders.size(), entry.cells) <= std::pair(adders.size(), cells))
        return;
    entry = {adders, cells, true};
}

void SingleConstants::walk(std::vector<std::int64_t>& values, std::vector<AdderNode>& adders,
                           int cells) {
    for_each_next(values, [&](const AdderNode& adder, std::int64_t made) {
        if (std::find(values.begin(), values.end(), made) != values.end()) return;
        // Independent adders in one order only.
        const auto last = static_cast<std::int32_t>(values.size()) - 1;
        if (adder.a != last && adder.b != last && made < values.back()) return;
        const int all_cells = cells + cells_of(adder, made);
        adders.push_back(adder);
        offer(made, adders, all_cells);
        if (adders.size() < kWalkedAdders) {
            values.push_back(made);
            walk(values, adders, all_cells);
            values.pop_back();
        }
        adders.pop_back();
    });
}

// What is still missing, from a known constant and the values of its chain.
void SingleConstants::extend_by_one() {
    const std::vector<Entry> known = entries_;
    for (const Entry& entry : known) {
        if (!entry.known) continue;
        std::vector<std::int64_t> values{1};
        for (const AdderNode& adder : entry.adders) values.push_back(product(adder, values));
        for_each_next(values, [&](const AdderNode& adder, std::int64_t made) {
            const Entry& target = known[static_cast<std::size_t>(made / 2)];
            if (target.known) return;
            std::vector<AdderNode> adders = entry.adders;
            adders.push_back(adder);
            offer(made, adders, entry.cells + cells_of(adder, made));
        });
    }
}

SingleConstants::SingleConstants() : entries_(static_cast<std::size_t>(kMostOnTheWay / 2)) {
    entries_[0].known = true;
    std::vector<std::int64_t> values{1};
    values.reserve(kWalkedAdders + 1);  // walk() looks at them while it adds more
    std::vector<AdderNode> adders;
    walk(values, adders, 0);
    extend_by_one();
    entries_.resize(static_cast<std::size_t>(kEnd / 2));
}

}  // namespace gatewright::cmvm
