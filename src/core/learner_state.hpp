// SPDX-License-Identifier: Apache-2.0
// What a learner owns. Parameters and optimizer state have two homes, the host and the backend's training
// session: each step goes on where the newest are, and whoever asks for them on the host brings them there.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include <shoal/meta_learner.hpp>

#include "core/backend.hpp"
#include "core/batch_checks.hpp"
#include "core/optimizer_step.hpp"

namespace shoal {

template <class Real>
struct BasicMetaLearner<Real>::State {
  State(const Context& context, Options given, const Start& start);
  /// Throws ModelError when the parameters are not those of this model.
  void require_sizes(const MetaParameters<Real>& given) const;

  Problem problem(const InnerPlan& plan) const {
    return {options.model, layout, rate_layout, options.loss, plan};
  }

  /// Throws InvalidArgument where the backend cannot read the rows.
  void require_readable(const BasicTaskBatch<Real>& tasks) const {
    backend.require_readable(tasks.support(), "support");
    backend.require_readable(tasks.query(), "query");
  }
  /// The same, and what check_batch() throws where tasks do not fit.
  void check(const BasicTaskBatch<Real>& tasks) const {
    require_readable(tasks);
    check_batch(tasks, options.model, options.loss);
  }

  /// What adapting `steps` times asks of the tasks of support_alone().
  void check_adaptable(const BasicTaskBatch<Real>& tasks, int steps) const {
    require_readable(tasks);
    if (steps > 0)
      check_batch(tasks, options.model, options.loss);
    else
      check_fit(tasks, options.model, options.loss);  // nothing is computed from targets
  }
  /// What adapting looks at: what the query rows hold, or lack, cannot matter. `no_rows` [tasks + 1] of
  /// zeros.
  static BasicTaskBatch<Real> support_alone(const BasicTaskBatch<Real>& tasks,
                                            std::span<const std::int64_t> no_rows) {
    if (tasks.size() == 0) return tasks;
    TaskSet<Real> nothing;
    nothing.row_starts = no_rows;
    return BasicTaskBatch<Real>::borrow(tasks.columns(), tasks.support(), nothing, tasks.ids());
  }

  /// Parameters and optimizer state on the host, the newest. For any thread.
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
  /// Whoever changes the state on the host says so.
  void changed_on_host() { newest = Newest::host; }

  /// A session that holds the newest state and can take `tasks` tasks at a time; null when the work must go
  /// through the host.
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

  /// run(scalars) makes the session's step, take(report) fetches what is wanted of it; only then does it
  /// count, so that an error anywhere leaves the state as it was.
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
  std::mutex mutex;
  Newest newest = Newest::host;
  bool asked_for_session = false;
  std::unique_ptr<TrainingSession<Real>> session;  ///< last: it looks at what stands above
};

}  // namespace shoal
