// SPDX-License-Identifier: Apache-2.0
// TrainingStep: one meta-iteration as the trainer takes it. Where the backend has a training session, only
// what is reported comes back, and tasks that follow from a formula never exist on the host.
#pragma once

#include <shoal/trainer.hpp>

namespace shoal {

template <class Real>
struct TrainingStep {
  /// Meta-batch number `iteration` of `source`, one update. Metrics of iteration + 1 updates, losses in the
  /// units of the source's user.
  static TrainMetrics run(BasicMetaLearner<Real>& learner, const TaskSource& source, std::int64_t iteration,
                          std::int64_t tasks, QueryLossBefore before);
};

extern template struct TrainingStep<float>;
extern template struct TrainingStep<double>;

}  // namespace shoal
