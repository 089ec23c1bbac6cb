// SPDX-License-Identifier: Apache-2.0
#include "gradient_oracles.hpp"

#include "core/inner_plan.hpp"
#include "reference/inner_loop.hpp"

namespace shoal::testing {
namespace {

using reference::Dual;
using reference::Row;

double derivative_of(Dual x) {
  return x.derivative;
}

/// One problem, ready to run tasks on any scalar.
struct Runner {
  Runner(const RandomCase& c, const TaskBatch64& tasks)
      : layout(c.model),
        lowered(lower(c.algorithm, layout)),
        net{c.model, layout, c.loss},
        batch(lowered.rows == TrainingRows::joined ? tasks.joined() : tasks) {}

  /// phi_0 .. phi_K of a task.
  template <class T>
  std::vector<std::vector<T>> trajectory(std::int64_t task, const std::vector<T>& theta,
                                         const std::vector<T>& rates) const {
    const auto support = reference::rows_of(batch.support(), batch.columns(), task);
    std::vector<std::vector<T>> phi = {theta};
    for (int k = 0; k < lowered.training.steps; ++k) {
      if (support.empty()) {
        phi.push_back(std::vector<T>(phi.back()));
        continue;
      }
      const auto gradient = reference::loss_and_gradient<T>(net, phi.back(), support).gradient;
      const auto alpha = reference::rates_at<T>(net, lowered.training, rates, k);
      phi.push_back(reference::inner_step<T>(phi.back(), alpha, gradient));
    }
    return phi;
  }

  double weight(int k) const {
    const InnerPlan& plan = lowered.training;
    if (plan.step_weights.empty()) return k == plan.steps ? 1.0 : 0.0;
    return k == 0 ? 0.0 : plan.step_weights[static_cast<std::size_t>(k - 1)];
  }

  template <class T>
  T task_loss(std::int64_t task, const std::vector<std::vector<T>>& phi) const {
    const auto query = reference::rows_of(batch.query(), batch.columns(), task);
    T loss(0.0);
    for (int k = 0; k <= lowered.training.steps; ++k)
      if (weight(k) != 0.0)
        loss += T(weight(k)) * reference::mean_loss<T>(net, phi[static_cast<std::size_t>(k)], query);
    return loss;
  }

  ParameterLayout layout;
  LoweredAlgorithm lowered;
  reference::Network net;
  TaskBatch64 batch;
};

std::vector<Dual> dual(const std::vector<double>& at, const std::vector<double>& direction) {
  std::vector<Dual> result;
  for (std::size_t p = 0; p < at.size(); ++p) result.push_back({at[p], direction[p]});
  return result;
}

}  // namespace

double meta_loss(const RandomCase& c, const TaskBatch64& tasks, const MetaParameters<double>& at) {
  const Runner run(c, tasks);
  double sum = 0.0;
  for (std::int64_t t = 0; t < tasks.size(); ++t)
    sum += run.task_loss(t, run.trajectory(t, at.theta, at.rates));
  return sum / static_cast<double>(tasks.size());
}

double meta_loss_derivative(const RandomCase& c, const TaskBatch64& tasks, const MetaParameters<double>& at,
                            const Direction& direction) {
  const Runner run(c, tasks);
  const auto theta = dual(at.theta, direction.theta), rates = dual(at.rates, direction.rates);
  double sum = 0.0;
  for (std::int64_t t = 0; t < tasks.size(); ++t)
    sum += derivative_of(run.task_loss(t, run.trajectory(t, theta, rates)));
  return sum / static_cast<double>(tasks.size());
}

double first_order_derivative(const RandomCase& c, const TaskBatch64& tasks, const MetaParameters<double>& at,
                              const Direction& direction) {
  const Runner run(c, tasks);
  double sum = 0.0;
  for (std::int64_t t = 0; t < tasks.size(); ++t) {
    std::vector<std::vector<Dual>> constant;
    for (const auto& phi : run.trajectory(t, at.theta, at.rates))
      constant.push_back(dual(phi, direction.theta));
    sum += derivative_of(run.task_loss(t, constant));
  }
  return sum / static_cast<double>(tasks.size());
}

std::vector<double> mean_move(const RandomCase& c, const TaskBatch64& tasks,
                              const MetaParameters<double>& at) {
  const Runner run(c, tasks);
  std::vector<double> mean(at.theta.size(), 0.0);
  for (std::int64_t t = 0; t < tasks.size(); ++t) {
    const auto phi = run.trajectory(t, at.theta, at.rates);
    for (std::size_t p = 0; p < mean.size(); ++p)
      mean[p] += (at.theta[p] - phi.back()[p]) / static_cast<double>(tasks.size());
  }
  return mean;
}

}  // namespace shoal::testing
