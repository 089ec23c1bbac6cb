// SPDX-License-Identifier: Apache-2.0
// ModelMetrics: a line of the table that `shoal train` and `shoal evaluate` print of a model: metrics of its
// loss, the interval of its mean loss, and how it compares with others on the same rows.
//
// Example:
//
//   void print(const shoal::Evaluation& evaluation) {
//     for (const shoal::ModelMetrics& model : evaluation.models)
//       std::printf("%s: %.4f +- %.4f (%s)\n", model.name.c_str(), model.loss.mean,
//                   model.loss.half_width, model.interval.c_str());
//   }
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <shoal/loss_metrics.hpp>
#include <shoal/mean_interval.hpp>

namespace shoal {

/// The mean loss of a line minus that of another on the same rows.
struct ModelComparison {
  std::string other;  ///< "model", a baseline, or "model, 0 steps"
  MeanComparison difference;
};

/// All lines of a table are measured on the same rows: the query rows of the tasks that are good after every
/// number of steps, and of which every baseline has a forecast.
struct ModelMetrics {
  std::string name;          ///< "model", or a baseline's
  std::optional<int> steps;  ///< adaptation steps of the model; nothing for a baseline
  bool selected = false;     ///< whether adapt and predict take this number of steps
  std::int64_t tasks = 0;    ///< that are measured
  std::int64_t rows = 0, keys = 0;
  LossMetrics metrics;            ///< of all rows together
  std::vector<NamedValue> macro;  ///< means over the keys
  MeanInterval loss;              ///< of the loss, over tasks or over times
  std::string interval;           ///< how the interval was made, in words
  /// The selected steps are compared with the first ones and with every baseline, other steps with the first
  /// ones, a baseline with the selected steps.
  std::vector<ModelComparison> against;
};

/// The lines of a table on the rows of one group.
struct GroupMetrics {
  std::string by;     ///< what groups the rows: "year", or a column
  std::string group;  ///< the year, or the text in the column
  std::vector<ModelMetrics> models;
};

/// "model, 5 steps"; the name alone for a baseline.
std::string name_with_steps(const ModelMetrics& line);

}  // namespace shoal
