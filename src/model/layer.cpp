// SPDX-License-Identifier: Apache-2.0
#include "model/layer.h"

namespace gatewright::model {

TensorType TensorType::uniform(tensor::Shape shape, const fixed::Interval& range) {
    const std::size_t count = tensor::element_count(shape);
    return {std::move(shape), std::vector<fixed::Interval>(count, range)};
}

}  // namespace gatewright::model
