// SPDX-License-Identifier: Apache-2.0
// Meta-batches drawn by rows from a source that was opened to draw them by tasks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <shoal/task_source.hpp>

#include "core/row_batches.hpp"
#include "run/precision.hpp"

namespace shoal {

/// A finite source whose meta-train batches in precision Real are those that it would give with
/// Sampling::rows, bit for bit. It holds all meta-train tasks. Everything else is the source's own.
template <class Real>
class RowSampling final : public TaskSource {
 public:
  /// `source` must outlive this. Throws DataError when it has no meta-train task.
  RowSampling(const TaskSource& source, std::uint64_t seed)
      : source_(source),
        tasks_(evaluation_tasks<Real>(source, Phase::train, 0)),
        batches_(seed, Phase::train, rows_of(tasks_)) {}

  TaskColumns columns() const override { return source_.columns(); }
  int classes() const override { return source_.classes(); }
  void require_labels_below(int model_classes) const override { source_.require_labels_below(model_classes); }
  const TargetUnits& target_units() const override { return source_.target_units(); }
  std::optional<std::int64_t> size(Phase phase) const override { return source_.size(phase); }
  std::vector<std::int64_t> ids(Phase phase) const override { return source_.ids(phase); }
  std::string key_of(std::int64_t id) const override { return source_.key_of(id); }
  TaskBatch evaluation(Phase phase, std::int64_t tasks) const override {
    return source_.evaluation(phase, tasks);
  }
  TaskBatch64 evaluation64(Phase phase, std::int64_t tasks) const override {
    return source_.evaluation64(phase, tasks);
  }
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    if constexpr (std::is_same_v<Real, float>)
      if (phase == Phase::train) return drawn(iteration, tasks);
    return source_.sample(phase, iteration, tasks);
  }
  TaskBatch64 sample64(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    if constexpr (std::is_same_v<Real, double>)
      if (phase == Phase::train) return drawn(iteration, tasks);
    return source_.sample64(phase, iteration, tasks);
  }

 private:
  using Batch = BasicTaskBatch<Real>;

  static std::vector<std::int64_t> rows_of(const Batch& tasks) {
    std::vector<std::int64_t> rows;
    rows.reserve(tasks.ids().size());
    for (std::int64_t t = 0; t < tasks.size(); ++t)
      rows.push_back(tasks.support().rows(t) + tasks.query().rows(t));
    return rows;
  }
  Batch drawn(std::int64_t iteration, std::int64_t tasks) const {
    return tasks_.select(batches_.indices(iteration, tasks), Batch::Repeats::allowed);
  }

  const TaskSource& source_;
  const Batch tasks_;
  const RowBatches batches_;
};

}  // namespace shoal
