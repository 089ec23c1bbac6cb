// SPDX-License-Identifier: Apache-2.0
// How much tasks differ: whether one model is enough for all of them, or they need an intercept, or all
// coefficients of their own.
//
// Example:
//
//   const shoal::Loss loss{.kind = shoal::LossKind::bce};
//   const shoal::TaskBatch64 all = shoal::widen(tasks).joined();
//   const shoal::LinearModel model = shoal::fit_linear(loss, all.columns(), all.query());
//   const shoal::Heterogeneity found = shoal::heterogeneity_of(loss, all.columns(), all.query(),
//                                                              shoal::linear_outputs(model, all.query()));
//   std::printf("%s\n", found.reason.c_str());
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <shoal/loss.hpp>
#include <shoal/task_batch.hpp>

namespace shoal {

/// What of a model should move from task to task: nothing, an intercept, or everything.
enum class Advice { pooled, bias, all };
std::string_view to_string(Advice advice);

/// With s the score and i the information of a task's intercept at the common model (definitions.md).
struct BiasSpread {
  double q = 0.0;              ///< sum of s^2 / i
  std::int64_t df = 0;         ///< tasks - 1
  std::optional<double> p;     ///< of q under chi-square; nothing for fewer than 2 tasks
  std::optional<double> tau2;  ///< variance of the intercepts: sum (s^2 - i) / sum i^2; may be below 0
};

/// With g the scores and I the information of a task's coefficients at its own intercept.
struct SlopeSpread {
  std::int64_t tasks = 0;      ///< that have an intercept of their own (bce: both classes)
  std::optional<double> z;     ///< sum T / sqrt(sum T^2), T = g'g - tr I; nothing where that is 0 / 0
  std::optional<double> p;     ///< P(Z > z) of a standard normal
  std::optional<double> tau2;  ///< variance of each coefficient: sum T / sum tr(I^2); may be below 0
};

struct Heterogeneity {
  std::int64_t tasks = 0, rows = 0;
  /// Pearson's, within tasks: of mse twice the variance of the errors. 1 for bce without weights.
  double dispersion = 1.0;
  BiasSpread bias;
  SlopeSpread slopes;
  Advice advice = Advice::pooled;
  std::string reason;  ///< of the advice, a sentence
};

inline constexpr double heterogeneity_level = 0.001;         ///< a p below it counts
inline constexpr std::int64_t fewest_tasks_for_slopes = 10;  ///< with fewer tasks the advice is never `all`

/// Whether the statistics are defined: bce, mse or qlike with one target.
bool has_heterogeneity(LossKind kind, const TaskColumns& columns);

/// The statistics of the tasks whose rows are `rows`, at a common model whose outputs for them are `outputs`
/// [rows, 1]. Tasks without rows do not count. Throws InvalidArgument where has_heterogeneity is false or the
/// sizes do not fit.
Heterogeneity heterogeneity_of(const Loss& loss, const TaskColumns& columns, const TaskSet<double>& rows,
                               std::span<const double> outputs);

}  // namespace shoal
