// SPDX-License-Identifier: Apache-2.0
// Model selection: at intervals, training computes the query loss of the validation tasks and keeps the best
// parameters. `train` does this by itself (TrainOptions::validate_every).
//
// Example:
//
//   const shoal::TaskBatch tasks = shoal::validation_tasks<float>(source);
//   shoal::ModelSelection<float> selection;
//   for (std::int64_t iteration = 20; iteration <= 1000; iteration += 20) {
//     // ... train for 20 iterations ...
//     const auto validation = shoal::validate(learner, tasks, source.target_units(), iteration);
//     selection.add(validation, learner.parameters(), 20);
//   }
//   learner.set_parameters(selection.best_parameters);
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include <shoal/evaluation.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/target_units.hpp>
#include <shoal/task_source.hpp>

namespace shoal {

/// The result of one validation.
struct Validation {
  std::int64_t iteration = 0;  ///< number of updates before this validation
  /// Mean query loss over good tasks after the algorithm's inner steps, as `summarize` computes it; NaN when
  /// no task is good.
  double loss = std::numeric_limits<double>::quiet_NaN();
  std::int64_t good = 0, failed = 0;
};

/// Whether `a` is better than `b`: fewer tasks fail, or equally many tasks fail and the mean loss is lower.
/// Means over different numbers of tasks cannot be compared, because the hard tasks are those that fail. A
/// finite loss is better than one that is not finite.
bool better(const Validation& a, const Validation& b);

/// The best model of the validations so far.
template <class Real>
struct ModelSelection {
  std::optional<Validation> latest, best;  ///< best: the first that no other one beats
  MetaParameters<Real> best_parameters;    ///< empty while there is no best
  /// The largest number of validations in a row without improvement after which training continued.
  std::int64_t longest_wait = 0;

  /// How many validations in a row, up to the latest, brought no improvement. Validations are `every`
  /// iterations apart.
  std::int64_t waited(std::int64_t every) const {
    return latest ? (latest->iteration - (best ? best->iteration : 0)) / every : 0;
  }
  /// Adds the next validation. `parameters` are those that were validated.
  void add(const Validation& validation, const MetaParameters<Real>& parameters, std::int64_t every);
};

/// The tasks that every validation of a training uses: the first 1,000 validation tasks in order of id, or
/// all of them if there are fewer. A generator draws their query rows at random. Throws DataError when the
/// source has no validation tasks.
template <class Real>
BasicTaskBatch<Real> validation_tasks(const TaskSource& source);

/// Computes one validation. `units` are the units of the source's targets.
template <class Real>
Validation validate(const BasicMetaLearner<Real>& learner, const BasicTaskBatch<Real>& tasks,
                    const TargetUnits& units, std::int64_t iteration);

/// The number of adaptation steps with the best of `summaries` (the first one of equals). Empty when every
/// task failed at every number of steps.
std::optional<int> best_steps(std::span<const StepSummary> summaries);

extern template struct ModelSelection<float>;
extern template struct ModelSelection<double>;
extern template TaskBatch validation_tasks<float>(const TaskSource&);
extern template TaskBatch64 validation_tasks<double>(const TaskSource&);
extern template Validation validate(const MetaLearner&, const TaskBatch&, const TargetUnits&, std::int64_t);
extern template Validation validate(const MetaLearner64&, const TaskBatch64&, const TargetUnits&,
                                    std::int64_t);

}  // namespace shoal
