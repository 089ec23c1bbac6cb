// SPDX-License-Identifier: Apache-2.0
// TrainingSession: meta-parameters and optimizer state that live where the backend computes, from one update
// to the next. A backend offers one where that saves something; without it the learner asks for a
// meta-gradient and updates on the host. Both give the same bits.
#pragma once

#include <cstdint>
#include <span>

#include <shoal/meta_learner.hpp>

#include "kernels/generate/generated_task.hpp"
#include "kernels/update/optimizer_update.hpp"

namespace shoal {

/// What every meta-iteration tells.
template <class Real>
struct StepReport {
  Real mean_query_loss_before = 0, mean_query_loss = 0;  ///< over good tasks; NaN when none is
  std::int64_t good = 0;
};

/// Not for several threads at a time.
template <class Real>
class TrainingSession {
 public:
  virtual ~TrainingSession() = default;

  /// The state to go on from. Of `optimizer` the vectors count: counters and running products stay with the
  /// learner, which passes the scalars of every update.
  virtual void set(const MetaParameters<Real>& parameters, const OptimizerState<Real>& optimizer) = 0;

  /// One meta-iteration. The state is as before until commit(), whatever is thrown.
  virtual StepReport<Real> step(const BasicTaskBatch<Real>& tasks,
                                const kernels::UpdateScalars<Real>& scalars) = 0;
  /// The same over tasks first .. first + count - 1 of a generator, which the backend draws itself.
  virtual StepReport<Real> step(const kernels::GeneratorFormula& formula, std::int64_t first,
                                std::int64_t count, const kernels::UpdateScalars<Real>& scalars) = 0;
  /// Makes the update of the last step the state; not when no task was good.
  virtual void commit() noexcept = 0;

  /// Of the last step: per-task results as in TaskResults, and the meta-gradient before clipping.
  virtual void outcomes(std::span<TaskStatus> status, std::span<std::int32_t> failed_step) = 0;
  virtual void losses(std::span<Real> before, std::span<Real> after) = 0;
  virtual void gradient(std::span<Real> theta, std::span<Real> rates) = 0;

  /// The state, as if it had been on the host all the time.
  virtual void get(MetaParameters<Real>& parameters, OptimizerState<Real>& optimizer) = 0;
};

}  // namespace shoal
