// SPDX-License-Identifier: Apache-2.0
#include "report/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/rng.h"

namespace gatewright::report {
namespace {

using tensor::Tensor;

TEST(Metrics, AccuracyAndConfusionOfFourEventsByHand) {
    const Tensor<double> scores({4, 3}, {2, 1, 0, 0, 5, 1, 0, 5, 1, 3, 3, 3});
    const Tensor<double> labels({4}, {0, 1, 2, 1});
    const auto metrics = classification_metrics(scores, labels);
    ASSERT_TRUE(metrics) << metrics.error().message;
    EXPECT_DOUBLE_EQ(metrics->accuracy, 0.5);  // the tie goes to class 0
    EXPECT_EQ(metrics->confusion,
              (std::vector<std::vector<std::size_t>>{{1, 0, 0}, {1, 1, 0}, {0, 1, 0}}));
}

TEST(Metrics, OneHotLabelsMeanTheSameAsIndices) {
    const Tensor<double> scores({3, 2}, {1, 0, 0, 1, 1, 0});
    const auto by_index = classification_metrics(scores, Tensor<double>({3}, {0, 1, 1}));
    const auto by_row = classification_metrics(scores, Tensor<double>({3, 2}, {1, 0, 0, 1, 0, 1}));
    ASSERT_TRUE(by_index && by_row);
    EXPECT_EQ(by_index->confusion, by_row->confusion);
}

TEST(Metrics, AucOfTiedScoresCountsHalf) {
    // Pairs (signal, background): (3,1) (3,2) right, (2,1) right, (2,2) tied: 3.5 of 4.
    const std::vector<double> scores{3, 2, 2, 1};
    EXPECT_DOUBLE_EQ(roc_curve(scores, {true, true, false, false}).auc, 0.875);
    EXPECT_DOUBLE_EQ(roc_curve(std::vector<double>{1, 1, 1}, {true, false, true}).auc, 0.5);
}

TEST(Metrics, AucEqualsCountingEveryPair) {
    Rng rng(7);
    std::vector<double> scores;
    std::vector<bool> is_signal;
    for (int i = 0; i < 300; ++i) {
        scores.push_back(static_cast<double>(rng.between(-8, 8)));
        is_signal.push_back(rng.chance(0.3));
    }
    double wins = 0;
    double pairs = 0;
    for (std::size_t s = 0; s < scores.size(); ++s) {
        for (std::size_t b = 0; b < scores.size(); ++b) {
            if (!is_signal[s] || is_signal[b]) continue;
            pairs += 1;
            wins += scores[s] > scores[b] ? 1.0 : scores[s] == scores[b] ? 0.5 : 0.0;
        }
    }
    EXPECT_DOUBLE_EQ(roc_curve(scores, is_signal).auc, wins / pairs);
}

TEST(Metrics, RocIsThinnedAndKeepsItsEnds) {
    std::vector<double> scores;
    std::vector<bool> is_signal;
    for (int i = 0; i < 5000; ++i) {
        scores.push_back(i);
        is_signal.push_back(i % 3 == 0);
    }
    const RocCurve curve = roc_curve(scores, is_signal);
    ASSERT_LE(curve.points.size(), 200U);
    EXPECT_GE(curve.points.size(), 100U);
    EXPECT_EQ(curve.points.front().true_positive_rate, 0);
    EXPECT_EQ(curve.points.back().false_positive_rate, 1);
    for (std::size_t i = 1; i < curve.points.size(); ++i) {
        EXPECT_GE(curve.points[i].true_positive_rate, curve.points[i - 1].true_positive_rate);
    }
}

TEST(Metrics, AnAbsentClassHasNoAuc) {
    const auto metrics =
        classification_metrics(Tensor<double>({2, 2}, {1, 0, 0, 1}), Tensor<double>({2}, {0, 0}));
    ASSERT_TRUE(metrics);
    EXPECT_TRUE(std::isnan(metrics->roc[1].auc));
    EXPECT_TRUE(to_json(*metrics, {}).find("auc")->as_array()[1].is_null());
}

TEST(Metrics, OneOutputIsABinaryScore) {
    const auto metrics = classification_metrics(Tensor<double>({4, 1}, {-1, 2, 1, -3}),
                                                Tensor<double>({4, 1}, {0, 1, 0, 0}));
    ASSERT_TRUE(metrics) << metrics.error().message;
    EXPECT_DOUBLE_EQ(metrics->accuracy, 0.75);
    ASSERT_EQ(metrics->roc.size(), 1U);
    EXPECT_DOUBLE_EQ(metrics->roc[0].auc, 1.0);
}

TEST(Metrics, WrongLabelsAreErrorsThatNameTheEvent) {
    const Tensor<double> scores({2, 2}, {1, 0, 0, 1});
    const auto beyond = classification_metrics(scores, Tensor<double>({2}, {0, 2}));
    ASSERT_FALSE(beyond);
    EXPECT_NE(beyond.error().message.find("event 1"), std::string::npos) << beyond.error().message;
    EXPECT_FALSE(classification_metrics(scores, Tensor<double>({2}, {0.5, 0})));
    EXPECT_FALSE(classification_metrics(scores, Tensor<double>({2}, {NAN, 0})));
    EXPECT_FALSE(classification_metrics(scores, Tensor<double>({3}, {0, 0, 0})));
    EXPECT_FALSE(classification_metrics(scores, Tensor<double>({2, 2}, {1, 1, 0, 1})));
    EXPECT_FALSE(classification_metrics(Tensor<double>({2, 2}, {1, NAN, 0, 1}),
                                        Tensor<double>({2}, {0, 1})));
}

}  // namespace
}  // namespace gatewright::report
