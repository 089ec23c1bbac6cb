// SPDX-License-Identifier: Apache-2.0
// The calibration line: a logistic regression of outcomes on the log-odds of their probabilities (Cox 1958).
#pragma once

#include <optional>
#include <span>

namespace shoal {

struct CalibrationLine {
  double slope = 0.0, intercept = 0.0;
};

/// The maximum of the likelihood, both coefficients at once. Nothing where there is none: a class is missing,
/// the classes are separable by the probability, or a probability is 0 or 1.
std::optional<CalibrationLine> calibration_line(std::span<const double> outcome,
                                                std::span<const double> probability);

}  // namespace shoal
