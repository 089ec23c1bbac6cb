// SPDX-License-Identifier: Apache-2.0
// TrainingSession: meta-parameters and optimizer state that stay where the backend computes, from one update
// to the next. A backend offers a session when that is faster; without one, the learner asks for a
// meta-gradient and updates on the host. Both give the same bits.
#pragma once

#include <cstdint>
#include <span>

#include <shoal/meta_learner.hpp>

#include "kernels/generate/generated_task.hpp"
#include "kernels/update/optimizer_update.hpp"

namespace shoal {

/// The results of every meta-iteration.
template <class Real>
struct StepReport {
  Real mean_query_loss_before = 0, mean_query_loss = 0;  ///< over good tasks; NaN when no task is good
  std::int64_t good = 0;
};

/// Not thread-safe.
template <class Real>
class TrainingSession {
 public:
  virtual ~TrainingSession() = default;

  /// Sets the state. Only the vectors of `optimizer` are used: counters and running products stay with the
  /// learner, which passes the scalars of every update.
  virtual void set(const MetaParameters<Real>& parameters, const OptimizerState<Real>& optimizer) = 0;

  /// Computes one meta-iteration. The state does not change before commit(), even when the call throws.
  virtual StepReport<Real> step(const BasicTaskBatch<Real>& tasks,
                                const kernels::UpdateScalars<Real>& scalars) = 0;
  /// The same for tasks first .. first + count - 1 of a generator; the backend draws them itself.
  virtual StepReport<Real> step(const kernels::GeneratorFormula& formula, std::int64_t first,
                                std::int64_t count, const kernels::UpdateScalars<Real>& scalars) = 0;
  /// Applies the update of the last step. Not to be called when no task was good.
  virtual void commit() noexcept = 0;

  /// Results of the last step: per-task results as in TaskResults, and the meta-gradient before clipping.
  virtual void outcomes(std::span<TaskStatus> status, std::span<std::int32_t> failed_step) = 0;
  virtual void losses(std::span<Real> before, std::span<Real> after) = 0;
  virtual void gradient(std::span<Real> theta, std::span<Real> rates) = 0;

  /// Copies the state, with the bits that updates on the host would give.
  virtual void get(MetaParameters<Real>& parameters, OptimizerState<Real>& optimizer) = 0;
};

}  // namespace shoal
