// SPDX-License-Identifier: Apache-2.0
// RunTasks: the tasks that a model knows from its run, with the phase that each had.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/run_folder.hpp>
#include <shoal/task_source.hpp>

namespace shoal {

class RunTasks {
 public:
  /// Nothing is known: nobody can say whether the model was trained on a task.
  RunTasks() = default;
  /// Reads the entries of a model's metadata. Without such entries nothing is known. Throws ModelError for
  /// entries that are malformed.
  RunTasks(const ModelMetadata& metadata, const std::string& file);
  /// The tasks of a source by phase. `whole`: the source is not split, and the model is trained on all of it.
  static RunTasks of(const TaskSource& source, bool whole);
  /// Everything is known: the run has seen none of the tasks.
  static RunTasks none();
  /// Generated tasks of one phase. The model was trained on the first `trained` tasks of meta-train.
  static RunTasks generated(Phase phase, std::int64_t trained);

  /// Adds the tasks that the model of a warm start was trained on.
  void add_warm_start(const RunTasks& other);
  /// Writes the metadata entries `train_tasks`, `validation_tasks`, `test_tasks`, `held_out_tasks` and
  /// `warm_start_tasks`, except for empty sets.
  void put(ModelMetadata& metadata) const;

  bool known() const { return known_; }
  /// The phase that the task had in the run: train, validation, test or held-out; else new.
  std::string phase_of(std::int64_t id) const;
  bool trained_on(std::int64_t id) const;

 private:
  using Ids = std::vector<std::int64_t>;  // ascending
  bool known_ = false;
  Ids train_, validation_, test_, held_out_, warm_start_;
  std::optional<Phase> generated_;
  std::int64_t trained_ = 0;
};

}  // namespace shoal
