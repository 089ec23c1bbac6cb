// SPDX-License-Identifier: Apache-2.0
#include "run/validation_table.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

namespace shoal {
namespace {

class TwoTables final : public TaskSource {
 public:
  TwoTables(std::unique_ptr<TaskSource> training, std::unique_ptr<TableSource> validation)
      : training_(std::move(training)), validation_(std::move(validation)) {
    for (const std::int64_t id : validation_->ids(Phase::test))
      for (const Phase phase : {Phase::train, Phase::validation, Phase::test}) {
        const std::vector<std::int64_t> ids = training_->ids(phase);
        if (std::binary_search(ids.begin(), ids.end(), id))
          throw DataError("task " + quoted_text(validation_->key_of(id)) +
                          " is in the table to train on and in that of the validation tasks");
      }
  }

  TaskColumns columns() const override { return training_->columns(); }
  int classes() const override { return std::max(training_->classes(), validation_->classes()); }
  void require_labels_below(int model_classes) const override {
    training_->require_labels_below(model_classes);
    validation_->require_labels_below(model_classes);
  }
  const TargetUnits& target_units() const override { return training_->target_units(); }
  std::optional<std::int64_t> size(Phase phase) const override { return of(phase).size(in(phase)); }
  std::vector<std::int64_t> ids(Phase phase) const override { return of(phase).ids(in(phase)); }
  std::string key_of(std::int64_t id) const override {
    const std::vector<std::int64_t> ids = validation_->ids(Phase::test);
    return std::binary_search(ids.begin(), ids.end(), id) ? validation_->key_of(id) : training_->key_of(id);
  }
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    return of(phase).sample(in(phase), iteration, tasks);
  }
  TaskBatch evaluation(Phase phase, std::int64_t tasks) const override {
    return of(phase).evaluation(in(phase), tasks);
  }
  TaskBatch64 sample64(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    return of(phase).sample64(in(phase), iteration, tasks);
  }
  TaskBatch64 evaluation64(Phase phase, std::int64_t tasks) const override {
    return of(phase).evaluation64(in(phase), tasks);
  }

 private:
  const TaskSource& of(Phase phase) const {
    if (phase == Phase::validation) return *validation_;
    return *training_;
  }
  /// All tasks of a table of new data are test tasks.
  static Phase in(Phase phase) { return phase == Phase::validation ? Phase::test : phase; }

  const std::unique_ptr<TaskSource> training_;
  const std::unique_ptr<TableSource> validation_;
};

}  // namespace

std::unique_ptr<TaskSource> with_validation_tasks(std::unique_ptr<TaskSource> training,
                                                  std::unique_ptr<TableSource> validation) {
  return std::make_unique<TwoTables>(std::move(training), std::move(validation));
}

}  // namespace shoal
