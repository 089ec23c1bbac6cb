// SPDX-License-Identifier: Apache-2.0
#include <shoal/model_selection.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <type_traits>
#include <vector>

namespace shoal {
namespace {

constexpr std::int64_t most_tasks = 1000;

Validation validation_of(const StepSummary& summary, std::int64_t iteration) {
  return {.iteration = iteration,
          // the canonical NaN, because checkpoints store it
          .loss = summary.good > 0 ? summary.mean : Validation().loss,
          .good = summary.good,
          .failed = summary.tasks - summary.good};
}

}  // namespace

bool better(const Validation& a, const Validation& b) {
  if (!std::isfinite(a.loss) || !std::isfinite(b.loss)) return std::isfinite(a.loss);
  return a.failed != b.failed ? a.failed < b.failed : a.loss < b.loss;
}

template <class Real>
void ModelSelection<Real>::add(const Validation& validation, const MetaParameters<Real>& parameters,
                               std::int64_t every) {
  longest_wait = std::max(longest_wait, waited(every));
  latest = validation;
  if (!std::isfinite(validation.loss) || (best && !better(validation, *best))) return;
  best = validation;
  best_parameters = parameters;
}

template <class Real>
BasicTaskBatch<Real> validation_tasks(const TaskSource& source) {
  constexpr bool wide = std::is_same_v<Real, double>;
  const auto size = source.size(Phase::validation);
  if (!size) {  // the tasks of `evaluation`, but with random query points instead of a grid
    if constexpr (wide)
      return source.sample64(Phase::validation, 0, most_tasks);
    else
      return source.sample(Phase::validation, 0, most_tasks);
  }
  auto all = [&] {
    if constexpr (wide)
      return source.evaluation64(Phase::validation, most_tasks);
    else
      return source.evaluation(Phase::validation, most_tasks);
  }();
  if (all.size() <= most_tasks) return all;
  std::vector<std::int64_t> first(static_cast<std::size_t>(most_tasks));
  std::iota(first.begin(), first.end(), std::int64_t{0});
  return all.select(first);
}

template <class Real>
Validation validate(const BasicMetaLearner<Real>& learner, const BasicTaskBatch<Real>& tasks,
                    const TargetUnits& units, std::int64_t iteration) {
  const int steps[] = {inner_loop_of(learner.options().algorithm).steps};
  const auto losses =
      losses_in_user_units(learner.options().loss.kind, units, learner.evaluate(tasks, steps));
  return validation_of(summarize(losses, tasks.ids()).front(), iteration);
}

std::optional<int> best_steps(std::span<const StepSummary> summaries) {
  std::optional<int> steps;
  Validation best;
  for (const StepSummary& summary : summaries)
    if (const Validation validation = validation_of(summary, 0);
        std::isfinite(validation.loss) && (!steps || better(validation, best))) {
      steps = summary.steps;
      best = validation;
    }
  return steps;
}

template struct ModelSelection<float>;
template struct ModelSelection<double>;
template TaskBatch validation_tasks<float>(const TaskSource&);
template TaskBatch64 validation_tasks<double>(const TaskSource&);
template Validation validate(const MetaLearner&, const TaskBatch&, const TargetUnits&, std::int64_t);
template Validation validate(const MetaLearner64&, const TaskBatch64&, const TargetUnits&, std::int64_t);

}  // namespace shoal
