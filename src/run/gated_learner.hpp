// SPDX-License-Identifier: Apache-2.0
// A learner behind its gate: adapts everything, the last layer's bias alone, or nothing.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <shoal/error.hpp>
#include <shoal/gate.hpp>
#include <shoal/meta_learner.hpp>

#include "baselines/intercept.hpp"
#include "core/float_environment.hpp"

namespace shoal {

template <class Real>
class GatedLearner {
 public:
  /// Without a gate, or with one that lets everything through, this is the learner. Both must outlive it.
  GatedLearner(const BasicMetaLearner<Real>& learner, const std::optional<GateReport>& gate)
      : learner_(learner), gate_(gate && gate->decision != Advice::all ? &*gate : nullptr) {}
  GatedLearner(const BasicMetaLearner<Real>& learner, const GateReport& gate)
      : learner_(learner), gate_(gate.decision != Advice::all ? &gate : nullptr) {}

  /// As the learner's own. Behind a gate any number of steps above 0 is one step, to the posterior mode of
  /// the bias (`bias`) or nowhere (`pooled`).
  FastWeights<Real> adapt(const BasicTaskBatch<Real>& tasks, int steps) const {
    if (!gate_) return learner_.adapt(tasks, steps);
    FastWeights<Real> fast = learner_.adapt(tasks, 0);
    if (steps > 0 && gate_->decision == Advice::bias) move_biases(tasks, fast);
    return fast;
  }

  StepLosses<Real> evaluate(const BasicTaskBatch<Real>& tasks, std::span<const int> steps) const {
    const bool counts = !steps.empty() && *std::min_element(steps.begin(), steps.end()) >= 0;
    if (!gate_ || !counts) return learner_.evaluate(tasks, steps);  // which refuses what is no count
    const int none[] = {0};
    const StepLosses<Real> before = learner_.evaluate(tasks, none);
    const StepLosses<Real> after = gate_->decision == Advice::bias ? with_biases(tasks) : before;
    StepLosses<Real> losses;
    losses.steps.assign(steps.begin(), steps.end());  // as the learner has them
    std::sort(losses.steps.begin(), losses.steps.end());
    losses.steps.erase(std::unique(losses.steps.begin(), losses.steps.end()), losses.steps.end());
    for (const int count : losses.steps) {
      const StepLosses<Real>& from = count > 0 ? after : before;
      losses.loss.insert(losses.loss.end(), from.loss.begin(), from.loss.end());
      losses.status.insert(losses.status.end(), from.status.begin(), from.status.end());
      losses.failed_step.insert(losses.failed_step.end(), from.failed_step.begin(), from.failed_step.end());
    }
    return losses;
  }

 private:
  std::size_t bias_place() const {
    const std::string name = "layers." + std::to_string(learner_.options().model.hidden.size()) + ".bias";
    for (const TensorSpec& spec : learner_.layout().tensors())
      if (spec.name == name) return spec.offset;
    throw InvalidArgument("algorithm.gate: the model has no bias in its last layer");
  }

  void move_biases(const BasicTaskBatch<Real>& tasks, FastWeights<Real>& fast) const {
    const FloatEnvironment environment;
    const auto predicted = learner_.predict(fast, tasks.support(), tasks.columns());
    const std::vector<double> outputs(predicted.begin(), predicted.end());
    const std::vector<double> targets(tasks.support().y.begin(), tasks.support().y.end());
    const std::size_t bias = bias_place(), parameters = learner_.layout().size();
    const double farthest = inner_loop_of(learner_.options().algorithm).max_move;
    for (std::size_t t = 0; t < fast.status.size(); ++t) {
      if (fast.status[t] != TaskStatus::good) continue;
      const auto begin = static_cast<std::size_t>(tasks.support().row_starts[t]);
      const auto rows = static_cast<std::size_t>(tasks.support().row_starts[t + 1]) - begin;
      const double a =
          baselines::posterior_intercept(learner_.options().loss, std::span(outputs).subspan(begin, rows),
                                         std::span(targets).subspan(begin, rows), gate_->intercept_variance,
                                         gate_->heterogeneity.dispersion);
      Real& value = fast.phi[t * parameters + bias];
      value = static_cast<Real>(static_cast<double>(value) + a);
      if (farthest > 0.0 && std::fabs(a) > farthest) fail(t, parameters, fast);
    }
  }

  static void fail(std::size_t task, std::size_t parameters, FastWeights<Real>& fast) {
    fast.status[task] = TaskStatus::moved_too_far;
    fast.failed_step[task] = 0;
    for (std::size_t i = 0; i < parameters; ++i)
      fast.phi[task * parameters + i] = std::numeric_limits<Real>::quiet_NaN();
  }

  /// The query losses after the biases have moved: every task is evaluated at its own parameters.
  StepLosses<Real> with_biases(const BasicTaskBatch<Real>& tasks) const {
    const int none[] = {0};
    const std::size_t parameters = learner_.layout().size();
    const FastWeights<Real> fast = adapt(tasks, 1);
    StepLosses<Real> losses{{1}, {}, {}, {}};
    MetaParameters<Real> own = learner_.parameters();
    for (std::size_t t = 0; t < fast.status.size(); ++t) {
      if (fast.status[t] != TaskStatus::good) {
        losses.loss.push_back(std::numeric_limits<Real>::quiet_NaN());
        losses.status.push_back(fast.status[t]);
        losses.failed_step.push_back(fast.failed_step[t]);
        continue;
      }
      const auto begin = fast.phi.begin() + static_cast<std::ptrdiff_t>(t * parameters);
      own.theta.assign(begin, begin + static_cast<std::ptrdiff_t>(parameters));
      const std::int64_t place[] = {static_cast<std::int64_t>(t)};
      const StepLosses<Real> one = learner_.evaluate(own, tasks.select(place), none);
      losses.loss.push_back(one.loss[0]);
      losses.status.push_back(one.status[0]);
      losses.failed_step.push_back(one.failed_step[0]);
    }
    return losses;
  }

  const BasicMetaLearner<Real>& learner_;
  const GateReport* gate_;  ///< null: everything adapts
};

}  // namespace shoal
