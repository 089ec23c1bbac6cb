// SPDX-License-Identifier: Apache-2.0
// Metrics of a network's outputs by the loss that it was trained with: what `shoal train` and `shoal
// evaluate` report of a model beside its mean loss.
//
// Example:
//
//   const shoal::OutputRows rows = {.loss = {.kind = shoal::LossKind::bce},
//                                   .target = {0, 1, 1},
//                                   .output = {-2.0, 0.3, 1.5}};  // log-odds
//   for (const auto& [name, value] : shoal::named_values(shoal::loss_metrics(rows)))
//     std::printf("%s %.3f\n", name.c_str(), value.value_or(0.0));
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <shoal/assessment.hpp>
#include <shoal/classification_metrics.hpp>
#include <shoal/forecast_metrics.hpp>
#include <shoal/loss.hpp>

namespace shoal {

/// Rows of targets and of what a network says of them, in the units of the targets.
struct OutputRows {
  Loss loss = {};
  std::size_t targets = 1;          ///< columns; 1 for class labels
  std::size_t outputs = 1;          ///< of the network
  std::vector<double> target = {};  ///< [rows, targets]; a class label as a number
  std::vector<double> output = {};  ///< [rows, outputs]

  std::size_t rows() const { return target.size() / targets; }
};

/// mse and huber, bce, qlike, gaussian-nll, pinball, softmax. Several target columns count as rows of one.
using LossMetrics = std::variant<RegressionMetrics, ClassificationMetrics, VarianceMetrics, NormalCoverage,
                                 QuantileMetrics, ClassMetrics>;

/// Throws InvalidArgument when there is no row, or sizes or values do not fit the loss.
LossMetrics loss_metrics(const OutputRows& rows);

/// The loss of every row (docs/definitions.md), the mean of its terms: [rows].
std::vector<double> row_losses(const OutputRows& rows);

/// A metric by its name in the JSON; nothing where it is not defined. Quantiles: "coverage_0.05", ...
using NamedValue = std::pair<std::string, std::optional<double>>;
/// Without numbers of rows and p-values, whose means say nothing.
std::vector<NamedValue> named_values(const LossMetrics& metrics);
/// The mean of every named value over groups of rows, each group counting once; over those where it is
/// defined, and nothing where it is in none. `group` [rows]: whose row it is, in any numbering from 0.
std::vector<NamedValue> macro_values(const OutputRows& rows, std::span<const std::int32_t> group);

}  // namespace shoal
