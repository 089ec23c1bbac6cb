// SPDX-License-Identifier: Apache-2.0
// The intercept of one task: a number that is added to all of its outputs.
#pragma once

#include <optional>
#include <span>

#include <shoal/loss.hpp>

namespace shoal::baselines {

/// The mode of the posterior of a under the prior N(0, `variance`): what minimises the sum of the losses of
/// outputs + a for the targets, divided by `dispersion`, plus a^2 / (2 variance). By Newton's method inside a
/// bracket, so that it always ends, and ends at the same bits everywhere. 0 where the variance is 0 or there
/// are no rows.
double posterior_intercept(const Loss& loss, std::span<const double> outputs, std::span<const double> targets,
                           double variance, double dispersion);

/// The same without a prior: the maximum of the likelihood. Nothing where it is not finite (bce: all targets
/// alike) or there are no rows.
std::optional<double> own_intercept(const Loss& loss, std::span<const double> outputs,
                                    std::span<const double> targets);

}  // namespace shoal::baselines
