// SPDX-License-Identifier: Apache-2.0
#include "frontends/keras3/batch_norm.h"

#include <cmath>
#include <limits>

namespace gatewright::frontends::keras3 {

std::vector<float> channel_scale(const Statistics& s, double epsilon) {
    std::vector<float> out;
    for (std::size_t c = 0; c < s.variance.size(); ++c) {
        const float deviation = std::sqrt(s.variance[c] + static_cast<float>(epsilon));
        out.push_back((s.gamma.empty() ? 1.0F : s.gamma[c]) / deviation);
    }
    return out;
}

std::vector<double> real_channel_scale(const Statistics& s, double epsilon) {
    std::vector<double> out;
    for (std::size_t c = 0; c < s.variance.size(); ++c) {
        const double gamma = s.gamma.empty() ? 1.0 : s.gamma[c];
        out.push_back(gamma / std::sqrt(static_cast<double>(s.variance[c]) + epsilon));
    }
    return out;
}

Folded fold_output(const FloatTensor& kernel, const FloatTensor& bias, const Statistics& s,
                   const std::vector<std::size_t>& channel) {
    const std::vector<float> scale = channel_scale(s, kKerasEpsilon);
    const std::vector<double> real_scale = real_channel_scale(s, kKerasEpsilon);
    Folded out{kernel, bias, {}, {}, {}};
    for (std::size_t i = 0; i < kernel.size(); ++i) {
        out.kernel[i] = kernel[i] * scale[channel[i]];
        out.real_kernel.push_back(kernel[i] * real_scale[channel[i]]);
    }
    for (std::size_t c = 0; c < bias.size(); ++c) {
        const float offset = -s.mean[c] * scale[c];
        out.bias[c] = bias[c] + offset;
        out.real_bias.push_back(bias[c] - s.mean[c] * real_scale[c]);
    }
    return out;
}

Folded fold_input(const FloatTensor& kernel, const FloatTensor& bias, const Statistics& s,
                  double epsilon) {
    const std::vector<float> scale = channel_scale(s, epsilon);
    const std::vector<double> real_scale = real_channel_scale(s, epsilon);
    const std::size_t outputs = bias.size();
    Folded out{kernel, bias, {}, {}, {}};
    for (std::size_t i = 0; i < kernel.size(); ++i) {
        out.kernel[i] = scale[i / outputs] * kernel[i];
        out.real_kernel.push_back(kernel[i] * real_scale[i / outputs]);
    }
    for (std::size_t j = 0; j < outputs; ++j) {
        double sum = 0;
        double magnitude = 0;
        for (std::size_t i = 0; i < s.mean.size(); ++i) {
            const double product = static_cast<double>(s.mean[i]) * kernel[i * outputs + j];
            sum += product;
            magnitude += std::abs(product);
        }
        const float offset = -static_cast<float>(sum);
        out.bias[j] = bias[j] + offset;
        out.real_bias.push_back(bias[j] - sum);
        out.bias_error.push_back(magnitude * std::numeric_limits<float>::epsilon() * 2);
    }
    return out;
}

}  // namespace gatewright::frontends::keras3
