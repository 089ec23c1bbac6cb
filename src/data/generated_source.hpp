// SPDX-License-Identifier: Apache-2.0
// GeneratedSource: task ids, random streams and batches for the generators of
// kernels/generate/generated_task.hpp.
#pragma once

#include <shoal/task_source.hpp>

#include "core/generated_tasks.hpp"
#include "core/random.hpp"

namespace shoal {

class GeneratedSource final : public TaskSource, public GeneratesTasks {
 public:
  /// `low` and `high` are the range of x, for generators where all tasks share one.
  GeneratedSource(const GeneratorOptions& options, kernels::GeneratorCode code, float low = 0.0f,
                  float high = 0.0f);

  TaskColumns columns() const override { return {1, 1, 0}; }
  std::optional<std::int64_t> size(Phase) const override { return std::nullopt; }
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override;
  TaskBatch evaluation(Phase phase, std::int64_t tasks) const override;
  kernels::GeneratorFormula formula(Phase phase) const override;

 private:
  enum class QueryPoints { random, grid };
  TaskBatch generate(Phase phase, std::int64_t first, std::int64_t tasks, QueryPoints points) const;

  kernels::GeneratorFormula formula_;
  int query_grid_;
};

}  // namespace shoal
