// SPDX-License-Identifier: Apache-2.0
// How good probabilities of a binary outcome are: losses, discrimination, calibration (docs/finance.md).
//
// Example:
//
//   const std::vector<double> defaulted = {0, 0, 1, 0, 1};
//   const std::vector<double> probability = {0.1, 0.2, 0.7, 0.4, 0.3};
//   const shoal::ClassificationMetrics metrics = shoal::classification_metrics(defaulted, probability);
//   std::printf("log-loss %.3f, AUC %.3f\n", metrics.log_loss, metrics.auc.value_or(0.5));
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace shoal {

struct ClassificationMetrics {
  std::int64_t rows = 0, positives = 0;  ///< positives: outcomes of 1
  double log_loss = 0.0;  ///< mean of -ln of the probability of what happened, clipped to [2^-52, 1 - 2^-52]
  double brier = 0.0;     ///< mean squared difference of probability and outcome
  /// Area under the ROC curve, 2 auc - 1, and the largest distance of the two classes' distribution functions
  /// of the probability; ties count half in the area. Nothing when a class is missing, or an outcome lies
  /// between 0 and 1.
  std::optional<double> auc, gini, ks;
  /// Expected calibration error: rows in order of probability (equal ones as they come) in 10 groups, the
  /// first rows mod 10 of which hold one row more; the mean over rows of |mean outcome - mean probability|.
  double ece = 0.0;
  /// One logistic regression of the outcome on the log-odds of the probability: 1 and 0 when it is
  /// calibrated. Nothing where it has no finite solution (the classes are separable), a probability is 0 or
  /// 1, or an outcome lies between 0 and 1.
  std::optional<double> calibration_slope, calibration_intercept;
};

/// `outcome` [rows]: 0 or 1, or a probability that was observed; `probability` [rows]: in [0, 1], of an
/// outcome of 1. At least one row. Throws InvalidArgument for other values and sizes.
ClassificationMetrics classification_metrics(std::span<const double> outcome,
                                             std::span<const double> probability);

/// The same for groups of rows, each counting once: means over the groups.
struct MacroClassificationMetrics {
  std::int64_t keys = 0;  ///< groups
  double log_loss = 0.0, brier = 0.0, ece = 0.0;
  std::int64_t keys_with_both_classes = 0;
  std::optional<double> auc, gini, ks;  ///< over the groups with both classes; nothing when there is none
};
/// Throws InvalidArgument when there is no group.
MacroClassificationMetrics macro_metrics(std::span<const ClassificationMetrics> groups);

/// One row's term of the log-loss, for an outcome in [0, 1].
double log_loss_term(double outcome, double probability);

}  // namespace shoal
