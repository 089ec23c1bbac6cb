// SPDX-License-Identifier: Apache-2.0
// Random tasks and learners for the quadratic backend.
#pragma once

#include <cstdint>
#include <type_traits>

#include <shoal/meta_learner.hpp>
#include <shoal/task_source.hpp>

namespace shoal::testing {

inline constexpr int inputs = 3;
inline constexpr std::size_t parameters_count = inputs + 1;

/// `count` ragged tasks with ids `first_id`, `first_id` + 1, ... Values span many magnitudes, so that sums in
/// another order round differently. One task in `bad_every` (by id; 0 = none) has a NaN; one in eleven has no
/// support rows.
TaskBatch random_tasks(std::uint64_t seed, std::int64_t count, std::int64_t first_id = 0,
                       std::int64_t bad_every = 0);

/// The same tasks in another order.
template <class Real>
BasicTaskBatch<Real> shuffled(const BasicTaskBatch<Real>& tasks, std::uint64_t seed);

/// Generated tasks: ids iteration x tasks + slot, one in seven bad.
class QuadraticSource : public TaskSource {
 public:
  TaskColumns columns() const override { return {inputs, 1, 0}; }
  std::optional<std::int64_t> size(Phase) const override { return std::nullopt; }
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override;
  TaskBatch evaluation(Phase phase, std::int64_t tasks) const override { return sample(phase, 0, tasks); }
};

template <class Real>
const Context& context() {
  static const Context context(
      {.backend = std::is_same_v<Real, float> ? BackendKind::cpu : BackendKind::reference});
  return context;
}

template <class Real>
BasicTaskBatch<Real> as(const TaskBatch& tasks) {
  if constexpr (std::is_same_v<Real, double>)
    return widen(tasks);
  else
    return tasks;
}

template <class Real>
BasicMetaLearner<Real> make_learner(const Algorithm& algorithm, std::int64_t chunk = 0,
                                    const Optimizer& optimizer = {}) {
  return BasicMetaLearner<Real>(context<Real>(), {.model = {.inputs = inputs, .hidden = {}, .outputs = 1},
                                                  .loss = {},
                                                  .algorithm = algorithm,
                                                  .optimizer = optimizer,
                                                  .init = {},
                                                  .seed = 3,
                                                  .chunk = chunk});
}

}  // namespace shoal::testing
