// SPDX-License-Identifier: Apache-2.0
#include <shoal/classification_metrics.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <shoal/error.hpp>

#include "risk/calibration.hpp"
#include "risk/require_rows.hpp"

namespace shoal {
namespace {

constexpr std::size_t calibration_groups = 10;

void require_values(std::span<const double> outcome, std::span<const double> probability) {
  require_rows("classification_metrics", outcome.size(), probability.size());
  for (std::size_t row = 0; row < outcome.size(); ++row) {
    if (!(outcome[row] >= 0.0 && outcome[row] <= 1.0))
      throw InvalidArgument("classification_metrics: the outcome of row " + std::to_string(row) +
                            " must lie in [0, 1], not " + std::to_string(outcome[row]));
    if (!(probability[row] >= 0.0 && probability[row] <= 1.0))
      throw InvalidArgument("classification_metrics: the probability of row " + std::to_string(row) +
                            " must lie in [0, 1], not " + std::to_string(probability[row]));
  }
}

/// Rows by probability; equal ones keep their order.
std::vector<std::size_t> ascending(std::span<const double> probability) {
  std::vector<std::size_t> order(probability.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return probability[a] < probability[b]; });
  return order;
}

/// AUC, Gini and KS, in one pass over the different probabilities.
void discriminate(ClassificationMetrics& metrics, std::span<const double> outcome,
                  std::span<const double> probability, std::span<const std::size_t> order) {
  const auto positives = static_cast<double>(metrics.positives),
             negatives = static_cast<double>(metrics.rows - metrics.positives);
  if (positives == 0.0 || negatives == 0.0) return;
  double below[2] = {0.0, 0.0};  // rows with a smaller probability, by outcome
  double pairs = 0.0;            // of a positive row with a negative one below it
  double distance = 0.0;
  for (std::size_t i = 0; i < order.size();) {
    const double p = probability[order[i]];
    double equal[2] = {0.0, 0.0};
    for (; i < order.size() && probability[order[i]] == p; ++i) equal[outcome[order[i]] == 1.0] += 1.0;
    pairs += equal[1] * (below[0] + 0.5 * equal[0]);
    below[0] += equal[0];
    below[1] += equal[1];
    distance = std::max(distance, std::abs(below[0] / negatives - below[1] / positives));
  }
  metrics.auc = pairs / (positives * negatives);
  metrics.gini = 2.0 * *metrics.auc - 1.0;
  metrics.ks = distance;
}

double calibration_error(std::span<const double> outcome, std::span<const double> probability,
                         std::span<const std::size_t> order) {
  const std::size_t rows = order.size();
  double error = 0.0;
  for (std::size_t group = 0, begin = 0; group < calibration_groups; ++group) {
    const std::size_t end = begin + rows / calibration_groups + (group < rows % calibration_groups ? 1 : 0);
    double difference = 0.0;
    for (; begin < end; ++begin) difference += outcome[order[begin]] - probability[order[begin]];
    error += std::abs(difference);
  }
  return error / static_cast<double>(rows);
}

}  // namespace

double log_loss_term(double outcome, double probability) {
  const double p = std::clamp(probability, 0x1p-52, 1.0 - 0x1p-52);
  return -(outcome * std::log(p) + (1.0 - outcome) * std::log1p(-p));
}

ClassificationMetrics classification_metrics(std::span<const double> outcome,
                                             std::span<const double> probability) {
  require_values(outcome, probability);
  ClassificationMetrics metrics;
  metrics.rows = std::ssize(outcome);
  for (std::size_t row = 0; row < outcome.size(); ++row) {
    const double difference = probability[row] - outcome[row];
    metrics.positives += outcome[row] == 1.0;
    metrics.log_loss += log_loss_term(outcome[row], probability[row]);
    metrics.brier += difference * difference;
  }
  metrics.log_loss /= static_cast<double>(metrics.rows);
  metrics.brier /= static_cast<double>(metrics.rows);
  const std::vector<std::size_t> order = ascending(probability);
  metrics.ece = calibration_error(outcome, probability, order);
  if (!std::all_of(outcome.begin(), outcome.end(), [](double y) { return y == 0.0 || y == 1.0; }))
    return metrics;
  discriminate(metrics, outcome, probability, order);
  if (const auto line = calibration_line(outcome, probability)) {
    metrics.calibration_slope = line->slope;
    metrics.calibration_intercept = line->intercept;
  }
  return metrics;
}

MacroClassificationMetrics macro_metrics(std::span<const ClassificationMetrics> groups) {
  require_rows("macro_metrics", groups.size(), groups.size());
  MacroClassificationMetrics macro;
  macro.keys = std::ssize(groups);
  double auc = 0.0, ks = 0.0;
  for (const ClassificationMetrics& group : groups) {
    macro.log_loss += group.log_loss;
    macro.brier += group.brier;
    macro.ece += group.ece;
    if (!group.auc) continue;
    ++macro.keys_with_both_classes;
    auc += *group.auc;
    ks += *group.ks;
  }
  const auto keys = static_cast<double>(macro.keys), both = static_cast<double>(macro.keys_with_both_classes);
  macro.log_loss /= keys;
  macro.brier /= keys;
  macro.ece /= keys;
  if (both > 0.0) {
    macro.auc = auc / both;
    macro.gini = 2.0 * *macro.auc - 1.0;
    macro.ks = ks / both;
  }
  return macro;
}

}  // namespace shoal
