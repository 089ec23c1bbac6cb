// SPDX-License-Identifier: Apache-2.0
#include "core/training_step.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "core/batch_checks.hpp"
#include "core/generated_tasks.hpp"
#include "core/learner_state.hpp"

namespace shoal {
namespace {

template <class Real>
BasicTaskBatch<Real> sample(const TaskSource& source, std::int64_t iteration, std::int64_t tasks) {
  if constexpr (std::is_same_v<Real, double>)
    return source.sample64(Phase::train, iteration, tasks);
  else
    return source.sample(Phase::train, iteration, tasks);
}

/// id(slot) is the task id of a slot of the batch.
template <class Id>
TrainMetrics metrics_of(std::int64_t iteration, double before, double after, std::int64_t good,
                        std::span<const TaskStatus> status, std::span<const std::int32_t> failed_step,
                        Id id) {
  TrainMetrics metrics{.iteration = iteration + 1,
                       .query_loss_before = before,
                       .query_loss = after,
                       .good = good,
                       .failed = 0,
                       .failures = {}};
  for (std::size_t t = 0; t < status.size(); ++t)
    if (status[t] != TaskStatus::good) metrics.failures.push_back({id(t), status[t], failed_step[t]});
  // Sorts by id, so that the result does not depend on the order of the batch.
  std::sort(metrics.failures.begin(), metrics.failures.end(),
            [](const FailedTask& a, const FailedTask& b) { return a.id < b.id; });
  metrics.failed = static_cast<std::int64_t>(metrics.failures.size());
  return metrics;
}

/// The formula of the source's training tasks, when they may go unchecked.
std::optional<kernels::GeneratorFormula> formula_of(const TaskSource& source, const Loss& loss) {
  const auto* const generator = dynamic_cast<const GeneratesTasks*>(&source);
  // When targets can be outside the loss's domain, they must be checked on the host: such a target is an
  // error that names its row.
  if (!generator || loss.domain().is_bounded()) return std::nullopt;
  return generator->formula(Phase::train);
}

}  // namespace

template <class Real>
TrainMetrics TrainingStep<Real>::run(BasicMetaLearner<Real>& learner, const TaskSource& source,
                                     std::int64_t iteration, std::int64_t tasks, QueryLossBefore before) {
  auto& s = *learner.state_;
  const bool joined = s.lowered.rows == TrainingRows::joined;
  const auto in_user_units = [&](Real loss) {
    return loss_in_user_units(s.options.loss.kind, source.target_units(), static_cast<double>(loss));
  };
  // Fetches only what the metrics need from the session, if there is one.
  const auto by_session = [&](TrainingSession<Real>& session, std::int64_t count, auto id, auto run) {
    std::vector<TaskStatus> status;
    std::vector<std::int32_t> failed_step;
    const StepReport<Real> report = s.step(run, [&](const StepReport<Real>& result) {
      if (result.good == count) return;
      status.resize(static_cast<std::size_t>(count));
      failed_step.resize(static_cast<std::size_t>(count));
      session.outcomes(status, failed_step);
    });
    const double loss_before = before == QueryLossBefore::measure
                                   ? in_user_units(report.mean_query_loss_before)
                                   : std::numeric_limits<double>::quiet_NaN();
    return metrics_of(iteration, loss_before, in_user_units(report.mean_query_loss), report.good, status,
                      failed_step, id);
  };

  if (auto formula = formula_of(source, s.options.loss); formula && tasks >= 1)
    if (auto* const session = s.session_for(tasks)) {
      check_columns(source.columns(), s.options.model, s.options.loss);
      if (joined) {
        formula->query += formula->support;
        formula->support = 0;
      }
      const std::int64_t first = iteration * tasks;
      return by_session(
          *session, tasks, [&](std::size_t t) { return first + static_cast<std::int64_t>(t); },
          [&](const auto& scalars) { return session->step(*formula, first, tasks, scalars); });
    }

  const BasicTaskBatch<Real> batch = sample<Real>(source, iteration, tasks);
  const auto id = [&](std::size_t t) { return batch.ids()[t]; };
  if (auto* const session = s.session_for(batch.size())) {
    s.check(batch);
    batch.require_query();
    return by_session(*session, batch.size(), id, [&](const auto& scalars) {
      return session->step(joined ? batch.joined() : batch, scalars);
    });
  }
  const MetaGradient<Real> gradient = learner.meta_step(batch, before);
  return metrics_of(iteration, in_user_units(gradient.mean_query_loss_before),
                    in_user_units(gradient.mean_query_loss), gradient.good, gradient.status,
                    gradient.failed_step, id);
}

template struct TrainingStep<float>;
template struct TrainingStep<double>;

}  // namespace shoal
