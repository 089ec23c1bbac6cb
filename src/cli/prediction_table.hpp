// SPDX-License-Identifier: Apache-2.0
// The lines of a file of predictions: who and when, what was there, what the network says and what that means
// (docs/commands.md lists every column).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <shoal/responses.hpp>
#include <shoal/target_units.hpp>
#include <shoal/tensor_file.hpp>

#include "cli/opened_data.hpp"
#include "cli/trained_model.hpp"

namespace shoal::cli {

class PredictionTable {
 public:
  /// `outputs`: of the network. Reads the texts of the targets.
  PredictionTable(const OpenedData& data, const TrainedModel& model, int outputs);

  std::string header() const;
  /// Places of tasks in the order of the file: lines of equal ones are ordered by time and row.
  std::vector<std::size_t> places(std::span<const std::int64_t> task_ids) const;
  /// Time (its place) and row of a query row.
  std::pair<std::int32_t, std::int64_t> time_and_row(std::int64_t task_id, std::int64_t query) const;
  /// Network outputs [rows, outputs] in the units of the targets, in place.
  template <class Real>
  void to_user_units(std::span<Real> outputs) const {
    outputs_to_user_units(loss_, data_.source->target_units(), outputs);
  }
  /// The line of query row `query` of a task after `steps` steps.
  template <class Real>
  std::string line(std::int64_t task_id, std::int64_t query, int steps, std::span<const Real> outputs);

 private:
  /// What is the same in all lines of a task.
  void turn_to(std::int64_t task_id);
  std::string target_text(std::size_t target, std::int64_t query) const;

  const OpenedData& data_;
  Loss loss_;
  std::vector<std::string> keys_, targets_, classes_;  ///< names of columns and of classes
  Responses responses_;
  int outputs_;
  std::vector<CellTexts> target_texts_;             ///< tables: by target
  std::map<std::int64_t, std::size_t> task_place_;  ///< else: place of a task in data.tasks
  // Of the task at hand:
  std::int64_t task_ = 0;
  bool at_task_ = false;
  std::string start_, phase_;
};

extern template std::string PredictionTable::line(std::int64_t, std::int64_t, int, std::span<const float>);
extern template std::string PredictionTable::line(std::int64_t, std::int64_t, int, std::span<const double>);

}  // namespace shoal::cli
