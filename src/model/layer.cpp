// SPDX-License-Identifier: Apache-2.0
#include "model/layer.h"

#include <fmt/format.h>

#include <algorithm>

namespace gatewright::model {

TensorType TensorType::uniform(tensor::Shape shape, const fixed::Interval& range) {
    const std::size_t count = tensor::element_count(shape);
    return {std::move(shape), std::vector<fixed::Interval>(count, range)};
}

std::string format_summary(const TensorType& type) {
    std::vector<fixed::Format> varying;
    for (const fixed::Interval& range : type.elements) {
        if (!range.is_constant()) varying.push_back(format_of(range));
    }
    if (varying.empty()) return "constant";
    const auto by_width = [](const fixed::Format& a, const fixed::Format& b) {
        return a.width < b.width;
    };
    const auto by_frac = [](const fixed::Format& a, const fixed::Format& b) {
        return a.frac < b.frac;
    };
    const auto [narrow, wide] = std::minmax_element(varying.begin(), varying.end(), by_width);
    const auto [coarse, fine] = std::minmax_element(varying.begin(), varying.end(), by_frac);
    std::string text;
    if (std::all_of(varying.begin(), varying.end(),
                    [&](const auto& f) { return f == varying[0]; })) {
        text = to_string(varying[0]);
    } else {
        text = fmt::format("{} to {} bits, frac {} to {}", narrow->width, wide->width, coarse->frac,
                           fine->frac);
    }
    const std::size_t constants = type.elements.size() - varying.size();
    if (constants > 0) text += fmt::format(", {} of {} constant", constants, type.elements.size());
    return text;
}

}  // namespace gatewright::model
