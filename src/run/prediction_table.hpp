// SPDX-License-Identifier: Apache-2.0
// The rows of predictions: who and when, what was there, what the network says and what that means
// (docs/commands.md lists every column).
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

/// What is the same in all rows of a task.
struct PredictedTask {
  std::int64_t id = 0;
  std::vector<std::string> keys;  ///< texts of the key columns
  std::string name, phase;
};

/// One row; what it refers to holds until the next one is made.
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
  std::vector<std::string> classes;  ///< of softmax
};

class PredictionTable {
 public:
  /// `outputs`: of the network. Reads the texts of the targets.
  PredictionTable(const OpenedData& data, const TrainedModel& model, int outputs);

  const PredictionColumns& columns() const { return columns_; }
  /// Places of tasks in the order of the rows: rows of equal ones are ordered by time and row.
  std::vector<std::size_t> ranks(std::span<const std::int64_t> task_ids) const;
  /// Time (its place) and row of a query row.
  std::pair<std::int32_t, std::int64_t> time_and_row(std::int64_t task_id, std::int64_t query) const;
  /// Network outputs [rows, outputs] in the units of the targets, in place.
  template <class Real>
  void to_user_units(std::span<Real> outputs) const {
    outputs_to_user_units(loss_, data_.source->target_units(), outputs);
  }
  /// Query row `query` of a task after `steps` steps; `responses` [responses] is filled.
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
  std::vector<CellTexts> target_texts_;             ///< tables: by target
  std::map<std::int64_t, std::size_t> task_index_;  ///< else: place of a task in data.tasks
  PredictedTask task_;                              ///< the one at hand, when there is one
  bool at_task_ = false;
  std::vector<std::string> targets_;  ///< of the row at hand
};

extern template PredictionRow<float> PredictionTable::row(std::int64_t, std::int64_t, int,
                                                          std::span<const float>, std::span<float>);
extern template PredictionRow<double> PredictionTable::row(std::int64_t, std::int64_t, int,
                                                           std::span<const double>, std::span<double>);

}  // namespace shoal
