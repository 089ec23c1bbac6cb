// SPDX-License-Identifier: Apache-2.0
// Which tasks a model knows from its run: those that it was trained on, and those that were kept apart.
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
  /// Nothing is known: of no task can be said whether the model was trained on it.
  RunTasks() = default;
  /// What stands in a model's metadata; nothing known when it has no such entries. Throws ModelError.
  RunTasks(const ModelMetadata& metadata, const std::string& file);
  /// The tasks of a source by phase. `whole`: it is not split, all of it is trained on.
  static RunTasks of(const TaskSource& source, bool whole);
  /// No task is one of the run.
  static RunTasks none();
  /// Generated tasks of one phase; the first `trained` of meta-train were trained on.
  static RunTasks generated(Phase phase, std::int64_t trained);

  /// Also those that the model was trained on which this run started from.
  void add_warm_start(const RunTasks& other);
  /// Entries `train_tasks`, `validation_tasks`, `test_tasks`, `warm_start_tasks`; empty sets have none.
  void put(ModelMetadata& metadata) const;

  bool known() const { return known_; }
  /// train, validation or test: the task's phase in the run; else new.
  std::string phase_of(std::int64_t id) const;
  bool trained_on(std::int64_t id) const;

 private:
  using Ids = std::vector<std::int64_t>;  // ascending
  bool known_ = false;
  Ids train_, validation_, test_, warm_start_;
  std::optional<Phase> generated_;
  std::int64_t trained_ = 0;
};

}  // namespace shoal
