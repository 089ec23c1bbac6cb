// SPDX-License-Identifier: Apache-2.0
// TrainingStep: one meta-iteration of the trainer. With a training session, only the reported results are
// copied from the backend, and tasks that follow from a formula never exist on the host.
#pragma once

#include <shoal/trainer.hpp>

namespace shoal {

template <class Real>
struct TrainingStep {
  /// Computes meta-batch number `iteration` of `source` and does one update. Returns the metrics of iteration
  /// + 1 updates, with losses in the user's units.
  static TrainMetrics run(BasicMetaLearner<Real>& learner, const TaskSource& source, std::int64_t iteration,
                          std::int64_t tasks, QueryLossBefore before);
};

extern template struct TrainingStep<float>;
extern template struct TrainingStep<double>;

}  // namespace shoal
