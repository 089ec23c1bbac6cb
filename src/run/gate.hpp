// SPDX-License-Identifier: Apache-2.0
// How the gate decides at the end of a training.
#pragma once

#include <optional>

#include <shoal/evaluation.hpp>
#include <shoal/gate.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/run_config.hpp>

#include "core/float_environment.hpp"
#include "run/gated_learner.hpp"
#include "run/linear_baselines.hpp"
#include "run/opened_data.hpp"
#include "run/precision.hpp"

namespace shoal {

/// Paired losses of the validation tasks under both adaptations.
GateTrial trial_of(const StepLosses<double>& bias, const StepLosses<double>& all);
/// The decision that statistics and trial make: `all` only where both say so.
void decide(GateReport& gate, double max_failed_share);

/// `steps`: of the adaptation that is on trial. Throws InvalidArgument for a loss without heterogeneity.
template <class Real>
GateReport gate_of(const BasicMetaLearner<Real>& learner, const OpenedData& data, const RunConfig& config,
                   int steps) {
  const FloatEnvironment environment;
  const TaskSource& source = *data.source;
  LinearBaselines linear(learner.options().loss, source, config.evaluate.tasks);
  GateReport gate;
  gate.heterogeneity = linear.heterogeneity();
  gate.intercept_variance = linear.intercept_variance();
  const auto size = source.size(Phase::validation);
  const bool has_validation = config.tasks.source != TaskSourceKind::file && (!size || *size > 0);
  if (gate.heterogeneity.advice == Advice::all && has_validation && steps > 0) {
    const auto tasks = evaluation_tasks<Real>(source, Phase::validation, config.evaluate.tasks);
    const int asked[] = {steps};
    const auto in_units = [&](const StepLosses<Real>& losses) {
      return losses_in_user_units(config.loss.kind, source.target_units(), losses);
    };
    gate.decision = Advice::bias;
    const GatedLearner<Real> bias(learner, gate);
    gate.trial = trial_of(in_units(bias.evaluate(tasks, asked)), in_units(learner.evaluate(tasks, asked)));
    gate.trial->steps = steps;
  }
  decide(gate, config.evaluate.max_failed_share);
  return gate;
}

}  // namespace shoal
