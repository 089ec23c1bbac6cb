// SPDX-License-Identifier: Apache-2.0
#include <shoal/adapted_models.hpp>

#include "run/opened_data.hpp"
#include "run/opened_run.hpp"
#include "run/precision.hpp"
#include "run/task_report.hpp"
#include "run/unused_overrides.hpp"

namespace shoal {
namespace {

template <class Real>
AdaptedModels adapt_in(const OpenedRun& run, const OpenedData& data, int steps) {
  const TrainedModel& model = run.model;
  const auto learner =
      naming_file(data, [&] { return open_learner<Real>(run.context(), model, *data.source); });
  const auto tasks = evaluation_tasks<Real>(*data.source, Phase::test, model.config.evaluate.tasks);
  FastWeights<Real> fast = naming_file(data, [&] { return learner.adapt(tasks, steps); });
  AdaptedModels adapted{learner.layout(), {}, {}, steps, model.metadata, {}};
  adapted.metadata["adaptation_steps"] = std::to_string(steps);
  adapted.tasks.reserve(tasks.ids().size());
  for (const std::int64_t id : tasks.ids()) adapted.tasks.push_back(data.reported(id));
  adapted.report = task_report(run, data, tasks, failures_in(fast, tasks.ids()));
  adapted.report.without_support = without_support(tasks);
  adapted.models = std::move(fast);
  return adapted;
}

}  // namespace

AdaptedModels adapt_run(const OpenedRun& run, const RunData& data, std::optional<int> steps) {
  const std::vector<int> asked = steps ? std::vector<int>{*steps} : std::vector<int>{};
  check_overrides(run.options, run.model, {.use = RunUse::adapt, .data = data, .steps = asked});
  const OpenedData opened = open_data(data, run.model, TargetsNeeded::in_support, Phases::all_test,
                                      Phase::test, run.options.notify);
  tell_left_out(opened, run.options.notify);
  const int count = adaptation_steps(steps, run.model);
  return in_precision(run.context(), [&]<class Real>(Real) { return adapt_in<Real>(run, opened, count); });
}

}  // namespace shoal
