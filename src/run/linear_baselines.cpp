// SPDX-License-Identifier: Apache-2.0
#include "run/linear_baselines.hpp"

#include <algorithm>

#include <shoal/error.hpp>

#include "baselines/intercept.hpp"

namespace shoal {

LinearBaselines::LinearBaselines(const Loss& loss, const TaskSource& source, std::int64_t generated)
    : loss_(loss), classes_(source.classes()), rows_(meta_train_rows(source, generated)) {}

const LinearModel& LinearBaselines::linear() {
  if (!linear_) linear_ = fit_linear(loss_, rows_.columns, rows_.rows.view(), classes_);
  return *linear_;
}

/// A forecast that knows nothing of a row, its offset neither.
const LinearModel& LinearBaselines::constant() {
  if (!constant_) {
    TaskSet<double> rows = rows_.rows.view();
    rows.x = {};
    rows.output_offset = {};
    constant_ = fit_linear(loss_, {0, rows_.columns.targets, 0}, rows, classes_);
  }
  return *constant_;
}

const Heterogeneity& LinearBaselines::heterogeneity() {
  if (!heterogeneity_) {
    const TaskSet<double> rows = rows_.rows.view();
    if (has_heterogeneity(loss_.kind, rows_.columns))
      heterogeneity_ = heterogeneity_of(loss_, rows_.columns, rows, linear_outputs(linear(), rows));
    else
      heterogeneity_ = heterogeneity_of(loss_, rows_.columns, rows, {});  // which refuses
  }
  return *heterogeneity_;
}

double LinearBaselines::intercept_variance() {
  return std::max(0.0, heterogeneity().bias.tau2.value_or(0.0));
}

bool LinearBaselines::has(std::string_view name) const {
  if (name == "offset") return rows_.columns.offsets > 0;
  if (name == "constant" || name == "linear") return has_linear_model(loss_.kind);
  return (name == "linear-bias" || name == "empirical-bayes") && has_heterogeneity(loss_.kind, rows_.columns);
}

std::vector<double> LinearBaselines::outputs(std::string_view name, const TaskBatch64& tasks) {
  if (!has(name))
    throw InvalidArgument("baseline " + std::string(name) +
                          (name == "offset"
                               ? ": there is no offset (tasks.offset)"
                               : ": is not defined for loss " + std::string(to_string(loss_.kind)) +
                                     (rows_.columns.targets > 1 ? " with several targets" : "")));
  if (name == "offset") return {tasks.query().output_offset.begin(), tasks.query().output_offset.end()};
  if (name == "linear") return linear_outputs(linear(), tasks.query());
  if (name == "linear-bias") return with_own_intercepts(tasks);
  if (name == "empirical-bayes") return with_own_coefficients(tasks);
  TaskSet<double> rows = tasks.query();
  rows.x = {};
  rows.output_offset = {};
  return linear_outputs(constant(), rows);
}

std::vector<double> LinearBaselines::with_own_intercepts(const TaskBatch64& tasks) {
  std::vector<double> outputs = linear_outputs(linear(), tasks.query());
  const std::vector<double> support = linear_outputs(linear(), tasks.support());
  const double variance = intercept_variance();
  for (std::int64_t t = 0; t < tasks.size(); ++t) {
    const auto begin = static_cast<std::size_t>(tasks.support().row_starts[static_cast<std::size_t>(t)]);
    const auto count = static_cast<std::size_t>(tasks.support().rows(t));
    const double a = baselines::posterior_intercept(loss_, std::span(support).subspan(begin, count),
                                                    tasks.support().y.subspan(begin, count), variance,
                                                    heterogeneity().dispersion);
    const auto first = static_cast<std::size_t>(tasks.query().row_starts[static_cast<std::size_t>(t)]);
    for (std::size_t i = 0; i < static_cast<std::size_t>(tasks.query().rows(t)); ++i) outputs[first + i] += a;
  }
  return outputs;
}

std::vector<double> LinearBaselines::with_own_coefficients(const TaskBatch64& tasks) {
  if (!prior_)
    prior_ =
        fit_coefficient_prior(loss_, rows_.columns, rows_.rows.view(), linear(), heterogeneity().dispersion);
  LinearModel own = linear();
  std::vector<double> outputs;
  for (std::int64_t t = 0; t < tasks.size(); ++t) {
    own.coefficients = posterior_coefficients(*prior_, loss_, rows_.columns, tasks.support(), t);
    const std::int64_t place[] = {t};
    const std::vector<double> of_task = linear_outputs(own, tasks.select(place).query());
    outputs.insert(outputs.end(), of_task.begin(), of_task.end());
  }
  return outputs;
}

}  // namespace shoal
