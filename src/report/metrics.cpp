// SPDX-License-Identifier: Apache-2.0
#include "report/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace gatewright::report {
namespace {

// Keeps the ends and points at even steps of tpr + fpr + log10(fpr): the curve is read on linear
// and on logarithmic axes, down to 10^-4. The sum grows along the curve from 0 to 3, so the count
// is bounded.
std::vector<RocPoint> thinned(const std::vector<RocPoint>& points, std::size_t limit) {
    if (points.size() <= limit || limit < 3) return points;
    const auto position = [](const RocPoint& point) {
        return point.true_positive_rate + point.false_positive_rate +
               (std::log10(std::max(point.false_positive_rate, 1e-4)) + 4) / 4;
    };
    const double step = 3.0 / static_cast<double>(limit - 2);
    std::vector<RocPoint> out{points.front()};
    double last = position(points.front());
    for (std::size_t i = 1; i + 1 < points.size(); ++i) {
        if (position(points[i]) - last < step) continue;
        last = position(points[i]);
        out.push_back(points[i]);
    }
    out.push_back(points.back());
    return out;
}

Result<std::size_t> class_of_row(const tensor::Tensor<double>& labels, std::size_t event,
                                 std::size_t columns) {
    const auto row = std::span(labels.data).subspan(event * columns, columns);
    std::size_t ones = 0;
    std::size_t found = 0;
    for (std::size_t c = 0; c < columns; ++c) {
        if (row[c] == 1.0) {
            ++ones;
            found = c;
        } else if (row[c] != 0.0) {
            ones = columns + 1;
        }
    }
    if (ones != 1) {
        return fail(
            fmt::format("labels: event {} is not one-hot: expected one 1 and zeros", event));
    }
    return found;
}

}  // namespace

Result<std::vector<std::size_t>> class_labels(const tensor::Tensor<double>& labels,
                                              std::size_t events, std::size_t classes) {
    const std::size_t columns = events == 0 ? 0 : labels.size() / events;
    if (labels.shape.empty() || static_cast<std::size_t>(labels.shape[0]) != events ||
        (columns != 1 && columns != classes)) {
        return fail(fmt::format(
            "labels have shape {}, expected [{}] with class indices or [{}, {}] one-hot",
            tensor::to_string(labels.shape), events, events, classes));
    }
    std::vector<std::size_t> out;
    out.reserve(events);
    for (std::size_t e = 0; e < events; ++e) {
        if (columns > 1) {
            GW_TRY(const std::size_t label, class_of_row(labels, e, columns));
            out.push_back(label);
            continue;
        }
        const double label = labels[e];
        if (!(label >= 0) || label != std::floor(label) || label >= static_cast<double>(classes)) {
            return fail(fmt::format("labels: event {} has {}, expected a class from 0 to {}", e,
                                    label, classes - 1));
        }
        out.push_back(static_cast<std::size_t>(label));
    }
    return out;
}

RocCurve roc_curve(std::span<const double> scores, const std::vector<bool>& is_signal,
                   const MetricsParams& params) {
    GW_CHECK(scores.size() == is_signal.size(), "one truth per score");
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    const auto signals = static_cast<double>(std::count(is_signal.begin(), is_signal.end(), true));
    const double backgrounds = static_cast<double>(scores.size()) - signals;
    RocCurve curve;
    if (signals == 0 || backgrounds == 0) {
        curve.auc = std::numeric_limits<double>::quiet_NaN();
        return curve;
    }
    // One step per distinct score. Twice the rectangle plus the tied pairs stays an integer, so the
    // sum is exact up to 2^53 pairs.
    double true_positives = 0;
    double false_positives = 0;
    double twice_ordered_pairs = 0;
    std::vector<RocPoint> points{{0, 0}};
    for (std::size_t i = 0; i < order.size();) {
        double signal = 0;
        double background = 0;
        const double score = scores[order[i]];
        for (; i < order.size() && scores[order[i]] == score; ++i) {
            (is_signal[order[i]] ? signal : background) += 1;
        }
        twice_ordered_pairs += background * (2 * true_positives + signal);
        true_positives += signal;
        false_positives += background;
        points.push_back({false_positives / backgrounds, true_positives / signals});
    }
    curve.auc = twice_ordered_pairs / (2 * signals * backgrounds);
    curve.points = thinned(points, params.roc_points);
    return curve;
}

Result<Metrics> classification_metrics(const tensor::Tensor<double>& scores,
                                       const tensor::Tensor<double>& labels,
                                       const MetricsParams& params) {
    if (scores.shape.size() != 2 || scores.shape[0] == 0 || scores.shape[1] == 0) {
        return fail(fmt::format("scores have shape {}, expected [events, classes]",
                                tensor::to_string(scores.shape)));
    }
    const auto events = static_cast<std::size_t>(scores.shape[0]);
    const auto outputs = static_cast<std::size_t>(scores.shape[1]);
    const std::size_t classes = std::max<std::size_t>(outputs, 2);
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (std::isnan(scores[i])) {
            return fail(fmt::format("scores: event {} output {} is not a number", i / outputs,
                                    i % outputs));
        }
    }
    GW_TRY(const std::vector<std::size_t> truth, class_labels(labels, events, classes));
    Metrics out;
    out.events = events;
    out.confusion.assign(classes, std::vector<std::size_t>(classes, 0));
    std::size_t right = 0;
    for (std::size_t e = 0; e < events; ++e) {
        const auto row = std::span(scores.data).subspan(e * outputs, outputs);
        const std::size_t answer =
            outputs == 1
                ? (row[0] > 0 ? 1U : 0U)
                : static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
        ++out.confusion[truth[e]][answer];
        right += answer == truth[e] ? 1U : 0U;
    }
    out.accuracy = static_cast<double>(right) / static_cast<double>(events);
    for (std::size_t c = 0; c < outputs; ++c) {
        std::vector<double> column;
        std::vector<bool> is_signal;
        for (std::size_t e = 0; e < events; ++e) {
            column.push_back(scores[e * outputs + c]);
            is_signal.push_back(truth[e] == (outputs == 1 ? 1 : c));
        }
        out.roc.push_back(roc_curve(column, is_signal, params));
    }
    return out;
}

Json to_json(const Metrics& metrics, std::span<const std::string> class_names) {
    const auto name = [&](std::size_t c) {
        return c < class_names.size() ? class_names[c] : fmt::format("{}", c);
    };
    // A class that never occurs has no AUC; JSON has no NaN.
    const auto number = [](double value) { return std::isnan(value) ? Json() : Json(value); };
    Json classes = Json::array();
    Json confusion = Json::array();
    for (std::size_t c = 0; c < metrics.confusion.size(); ++c) {
        classes.push_back(name(c));
        confusion.push_back(Json::array_of(metrics.confusion[c]));
    }
    Json auc = Json::array();
    Json roc = Json::array();
    for (std::size_t c = 0; c < metrics.roc.size(); ++c) {
        const std::size_t signal_class = metrics.roc.size() == 1 ? 1 : c;
        Json fpr = Json::array();
        Json tpr = Json::array();
        for (const RocPoint& point : metrics.roc[c].points) {
            fpr.push_back(point.false_positive_rate);
            tpr.push_back(point.true_positive_rate);
        }
        auc.push_back(number(metrics.roc[c].auc));
        Json curve = Json::object();
        curve.set("class", name(signal_class));
        curve.set("fpr", std::move(fpr));
        curve.set("tpr", std::move(tpr));
        curve.set("auc", number(metrics.roc[c].auc));
        roc.push_back(std::move(curve));
    }
    Json out = Json::object();
    out.set("events", metrics.events);
    out.set("accuracy", metrics.accuracy);
    out.set("classes", std::move(classes));
    out.set("auc", std::move(auc));
    out.set("confusion", std::move(confusion));
    out.set("roc", std::move(roc));
    return out;
}

}  // namespace gatewright::report
