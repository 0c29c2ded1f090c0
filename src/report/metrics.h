// SPDX-License-Identifier: Apache-2.0
//
// How good a classifier's answers are: accuracy, confusion matrix, and per class the ROC curve and
// the area under it (that class against all others). The AUC is exact: it is the Mann-Whitney
// statistic, the fraction of (signal, background) pairs that the score puts in the right order, a
// tie counting one half. Fixed-point outputs tie often, so a trapezoid over binned scores would be
// wrong here. Source: T. Fawcett, An introduction to ROC analysis, Pattern Recognition Letters 27
// (2006) 861.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "support/json.h"
#include "support/result.h"
#include "tensor/tensor.h"

namespace gatewright::report {

struct RocPoint {
    double false_positive_rate = 0;
    double true_positive_rate = 0;
};

/// Points from (0, 0) to (1, 1), thinned to at most MetricsParams::roc_points.
struct RocCurve {
    std::vector<RocPoint> points;
    double auc = 0;  ///< NaN if the labels hold no event of this class, or nothing else
};

struct Metrics {
    std::size_t events = 0;
    double accuracy = 0;
    std::vector<std::vector<std::size_t>> confusion;  ///< [true class][answer]
    std::vector<RocCurve> roc;                        ///< per class
};

struct MetricsParams {
    std::size_t roc_points = 200;
};

/// The class of every event. `labels` holds class indices, [events] or [events, 1], or one-hot
/// rows, [events, classes]. The error names the event whose label is no class.
Result<std::vector<std::size_t>> class_labels(const tensor::Tensor<double>& labels,
                                              std::size_t events, std::size_t classes);

/// `scores` is [events, classes]; the answer is the largest score, the first of equals. A single
/// output (classes = 1) is a binary score: the answer is class 1 where score > 0, and there is one
/// ROC curve. Cost: one sort per class.
Result<Metrics> classification_metrics(const tensor::Tensor<double>& scores,
                                       const tensor::Tensor<double>& labels,
                                       const MetricsParams& params = {});

/// One class against the rest, exactly. `is_signal` has one entry per score.
RocCurve roc_curve(std::span<const double> scores, const std::vector<bool>& is_signal,
                   const MetricsParams& params = {});

/// The `metrics` object of report.json. `class_names` may be empty (then "0", "1", ...).
Json to_json(const Metrics& metrics, std::span<const std::string> class_names);

}  // namespace gatewright::report
