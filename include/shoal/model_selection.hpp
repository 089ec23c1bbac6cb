// SPDX-License-Identifier: Apache-2.0
// Model selection: now and then, training looks at the query loss of the validation tasks, and the best
// parameters so far are kept.
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

/// What one look at the validation tasks reports.
struct Validation {
  std::int64_t iteration = 0;  ///< updates done
  /// Mean query loss over good tasks after the algorithm's inner steps, as `summarize` takes it; NaN when no
  /// task is good.
  double loss = std::numeric_limits<double>::quiet_NaN();
  std::int64_t good = 0, failed = 0;
};

/// Whether `a` is better than `b`: fewer tasks fail, or as many and the mean loss is lower. Means over
/// different numbers of tasks do not compare: those that fail are the hard ones. Any finite loss is better
/// than one that is not.
bool better(const Validation& a, const Validation& b);

/// What the validations of a training have found so far.
template <class Real>
struct ModelSelection {
  std::optional<Validation> latest, best;  ///< best: the first that no other is better than
  MetaParameters<Real> best_parameters;    ///< empty where there is no best
  /// Most validations in a row without gain after which the training went on.
  std::int64_t longest_wait = 0;

  /// Validations in a row, up to the latest, without gain; they are `every` iterations apart.
  std::int64_t waited(std::int64_t every) const {
    return latest ? (latest->iteration - (best ? best->iteration : 0)) / every : 0;
  }
  /// Takes in the next validation, of `parameters`.
  void add(const Validation& validation, const MetaParameters<Real>& parameters, std::int64_t every);
};

/// The tasks that a training looks at, every time the same: the first 1,000 validation tasks in order of id
/// (all of them where there are fewer). A generator draws their query rows at random. Throws DataError when
/// there are none.
template <class Real>
BasicTaskBatch<Real> validation_tasks(const TaskSource& source);

/// One look; `units` are those of the source's targets.
template <class Real>
Validation validate(const BasicMetaLearner<Real>& learner, const BasicTaskBatch<Real>& tasks,
                    const TargetUnits& units, std::int64_t iteration);

/// The number of adaptation steps of the best of `summaries` (the first of equals); nothing when no task is
/// good at any.
std::optional<int> best_steps(std::span<const StepSummary> summaries);

extern template struct ModelSelection<float>;
extern template struct ModelSelection<double>;
extern template TaskBatch validation_tasks<float>(const TaskSource&);
extern template TaskBatch64 validation_tasks<double>(const TaskSource&);
extern template Validation validate(const MetaLearner&, const TaskBatch&, const TargetUnits&, std::int64_t);
extern template Validation validate(const MetaLearner64&, const TaskBatch64&, const TargetUnits&,
                                    std::int64_t);

}  // namespace shoal
