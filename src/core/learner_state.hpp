// SPDX-License-Identifier: Apache-2.0
// The state of a learner. The newest parameters and optimizer state are either on the host or in the
// backend's training session. A step continues where they are; functions that need them on the host copy them
// there.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include <shoal/fork_safe_mutex.hpp>
#include <shoal/meta_learner.hpp>

#include "core/backend.hpp"
#include "core/batch_checks.hpp"
#include "core/batch_chunks.hpp"
#include "core/optimizer_step.hpp"

namespace shoal {

template <class Real>
struct BasicMetaLearner<Real>::State {
  State(const Context& context, Options given, const Start& start);
  /// Throws ModelError when the parameters do not fit this model.
  void require_sizes(const MetaParameters<Real>& given) const;

  Problem problem(const InnerPlan& plan) const {
    return {options.model, layout, rate_layout, options.loss, plan};
  }

  /// Calls use(chunk, first task) for the chunks of a call that adapts with `steps` steps and may be
  /// interrupted.
  template <class Use>
  void in_chunks(const BasicTaskBatch<Real>& tasks, int steps, Use use) const {
    const auto rows = static_cast<double>(tasks.support().total_rows()) * steps +
                      static_cast<double>(tasks.query().total_rows());
    for_interruptible_chunks(tasks, options.chunk, 3.0 * rows * static_cast<double>(layout.size()), use);
  }

  /// Throws InvalidArgument when the backend cannot read the rows in place.
  void require_readable(const BasicTaskBatch<Real>& tasks) const {
    backend.require_readable(tasks.support(), "support");
    backend.require_readable(tasks.query(), "query");
  }
  /// Throws also what check_batch() throws for tasks that do not fit.
  void check(const BasicTaskBatch<Real>& tasks) const {
    require_readable(tasks);
    check_batch(tasks, options.model, options.loss);
  }

  /// Checks the tasks that support_alone() returns, for adaptation with `steps` steps.
  void check_adaptable(const BasicTaskBatch<Real>& tasks, int steps) const {
    require_readable(tasks);
    if (steps > 0)
      check_batch(tasks, options.model, options.loss);
    else
      check_fit(tasks, options.model, options.loss);  // no step computes anything from targets
  }
  /// The tasks without their query rows: adaptation must not depend on them. `no_rows` is [tasks + 1] zeros.
  static BasicTaskBatch<Real> support_alone(const BasicTaskBatch<Real>& tasks,
                                            std::span<const std::int64_t> no_rows) {
    if (tasks.size() == 0) return tasks;
    TaskSet<Real> nothing;
    nothing.row_starts = no_rows;
    return BasicTaskBatch<Real>::borrow(tasks.columns(), tasks.support(), nothing, tasks.ids(), nullptr,
                                        BasicTaskBatch<Real>::Repeats::allowed);
  }

  /// Copies the newest parameters and optimizer state to the host. Thread-safe.
  void copy_to_host() {
    const std::lock_guard lock(mutex);
    if (newest != Newest::session) return;
    session->get(parameters, optimizer);
    newest = Newest::both;
  }
  const MetaParameters<Real>& current() {
    copy_to_host();
    return parameters;
  }
  /// Must be called after a change of the state on the host.
  void changed_on_host() { newest = Newest::host; }

  /// The session, holding the newest state, when it can take `tasks` tasks at once. Null when the step must
  /// run through the host.
  TrainingSession<Real>* session_for(std::int64_t tasks) {
    if (options.chunk > 0 && tasks > options.chunk) return nullptr;
    if (!std::exchange(asked_for_session, true))
      session = backend.start_training(problem(lowered.training), options.optimizer);
    if (session && newest == Newest::host) {
      session->set(parameters, optimizer);
      newest = Newest::both;
    }
    return session.get();
  }

  /// Runs one step of the session: run(scalars) computes it, and fetch(report) copies the results that are
  /// wanted. The step is committed only then, so that an error anywhere leaves the state unchanged.
  template <class Run, class Fetch>
  StepReport<Real> step(Run run, Fetch fetch) {
    OptimizerState<Real> next{
        .step = optimizer.step, .beta1_power = optimizer.beta1_power, .beta2_power = optimizer.beta2_power};
    const kernels::UpdateScalars<Real> scalars = next_update(options.optimizer, next);
    const StepReport<Real> report = run(scalars);
    fetch(report);
    if (report.good == 0) return report;
    session->commit();
    optimizer.step = next.step;
    optimizer.beta1_power = next.beta1_power;
    optimizer.beta2_power = next.beta2_power;
    newest = Newest::session;
    return report;
  }

  enum class Newest { host, session, both };

  Backend<Real>& backend;
  Options options;
  ParameterLayout layout;
  LoweredAlgorithm lowered;
  RateLayout rate_layout;
  MetaParameters<Real> parameters;
  OptimizerState<Real> optimizer;
  ForkSafeMutex<> mutex;
  Newest newest = Newest::host;
  bool asked_for_session = false;
  std::unique_ptr<TrainingSession<Real>> session;  ///< declared last, because it refers to members above
};

}  // namespace shoal
