// SPDX-License-Identifier: Apache-2.0
// What all generators share: task ids, Philox streams, packing. A generator only says what a task is.
#pragma once

#include <shoal/task_source.hpp>

#include "core/random.hpp"

namespace shoal {

/// The draws of one task in order: parameters first, then rows.
class TaskDraws {
 public:
  TaskDraws(std::uint64_t seed, Purpose purpose, std::int64_t task)
      : stream_(seed, purpose, static_cast<std::uint64_t>(task)) {}
  float uniform(float low, float high) { return stream_.uniform(next_++, low, high); }
  float normal() { return stream_.normal(next_++); }

 private:
  RandomStream stream_;
  std::uint32_t next_ = 0;
};

/// One task of a generator: its parameters drawn, ready to give rows.
struct GeneratedTask {
  float a = 0.0f, b = 0.0f;       ///< the generator's own parameters
  float low = 0.0f, high = 0.0f;  ///< range of x, for the evaluation grid
};

class GeneratedSource : public TaskSource {
 public:
  explicit GeneratedSource(const GeneratorOptions& options);

  TaskColumns columns() const override { return {1, 1, 0}; }
  std::optional<std::int64_t> size(Phase) const override { return std::nullopt; }
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override;
  TaskBatch evaluation(Phase phase, std::int64_t tasks) const override;

 protected:
  virtual GeneratedTask draw_task(TaskDraws& draws) const = 0;
  virtual float draw_x(const GeneratedTask& task, TaskDraws& draws) const = 0;
  virtual float target(const GeneratedTask& task, float x) const = 0;

 private:
  enum class QueryPoints { random, grid };
  TaskBatch generate(Purpose purpose, std::int64_t first, std::int64_t tasks, QueryPoints points) const;

  GeneratorOptions options_;
};

}  // namespace shoal
