// SPDX-License-Identifier: Apache-2.0
// The rows of predictions: task and time, targets, network outputs and responses (docs/commands.md lists
// every column).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <shoal/responses.hpp>
#include <shoal/target_units.hpp>

#include "run/opened_data.hpp"
#include "run/trained_model.hpp"

namespace shoal {

/// What all rows of a task have in common.
struct PredictedTask {
  std::int64_t id = 0;
  std::vector<std::string> keys;  ///< one text per key column
  std::string name, phase;
};

/// One row of predictions. Its references are valid until the next row is made.
template <class Real>
struct PredictionRow {
  const PredictedTask& task;
  std::int64_t row;
  std::string time;
  int steps;
  std::span<const std::string> targets;
  std::span<const Real> outputs, responses;
};

/// Names of the columns, in the order of the file.
struct PredictionColumns {
  std::vector<std::string> keys, targets;
  int outputs = 0;
  std::vector<Response> responses;
  std::vector<std::string> classes;  ///< class names of softmax, else empty
};

class PredictionTable {
 public:
  /// `outputs` is the number of network outputs. Reads the target texts of a table.
  PredictionTable(const OpenedData& data, const TrainedModel& model, int outputs);

  const PredictionColumns& columns() const { return columns_; }
  /// The rank of each task in the order of the rows. Rows of equal rank are ordered by time and row.
  std::vector<std::size_t> ranks(std::span<const std::int64_t> task_ids) const;
  /// The time rank and the row of a query row.
  std::pair<std::int32_t, std::int64_t> time_and_row(std::int64_t task_id, std::int64_t query) const;
  /// Converts network outputs [rows, outputs] to the units of the targets, in place.
  template <class Real>
  void to_user_units(std::span<Real> outputs) const {
    outputs_to_user_units(loss_, data_.source->target_units(), outputs);
  }
  /// Makes the row of query row `query` after `steps` steps, and writes its responses to `responses`.
  template <class Real>
  PredictionRow<Real> row(std::int64_t task_id, std::int64_t query, int steps, std::span<const Real> outputs,
                          std::span<Real> responses);

 private:
  void enter(std::int64_t task_id);
  std::string target_text(std::size_t target, std::int64_t query) const;

  const OpenedData& data_;
  Loss loss_;
  PredictionColumns columns_;
  Responses responses_;
  std::vector<CellTexts> target_texts_;             ///< tables: one entry per target
  std::map<std::int64_t, std::size_t> task_index_;  ///< other data: task id -> index in data.tasks
  PredictedTask task_;                              ///< the current task, when at_task_
  bool at_task_ = false;
  std::vector<std::string> targets_;  ///< target texts of the current row
};

extern template PredictionRow<float> PredictionTable::row(std::int64_t, std::int64_t, int,
                                                          std::span<const float>, std::span<float>);
extern template PredictionRow<double> PredictionTable::row(std::int64_t, std::int64_t, int,
                                                           std::span<const double>, std::span<double>);

}  // namespace shoal
