// SPDX-License-Identifier: Apache-2.0
// Distribution functions that tests of forecasts need, to a relative error below 1e-12, in the tails too.
//
// Example:
//
//   // Three of 250 days lay beyond a 1 % value at risk: is that too many?
//   std::printf("p = %.3f\n", shoal::binomial_two_sided_p(3, 250, 0.01));
#pragma once

#include <cstdint>

namespace shoal {

/// P(Z <= z) of the standard normal distribution.
double normal_cdf(double z);
/// P(|Z| >= |z|) of the standard normal distribution; NaN for NaN.
double normal_two_sided_p(double z);

/// P(X >= x) for chi-square with `degrees_of_freedom` >= 1; 1 for x <= 0. Throws InvalidArgument for fewer.
double chi_square_survival(double x, std::int64_t degrees_of_freedom);

/// P(|T| >= |t|) of Student's t distribution with `degrees_of_freedom` >= 1 (InvalidArgument for fewer).
double student_t_two_sided_p(double t, std::int64_t degrees_of_freedom);

/// P(X = successes) of `trials` independent trials, each a success with `probability`; 0 outside
/// 0 .. trials. These three throw InvalidArgument for trials below 0 and for a probability outside [0, 1].
double binomial_pmf(std::int64_t successes, std::int64_t trials, double probability);
/// P(X <= successes).
double binomial_cdf(std::int64_t successes, std::int64_t trials, double probability);
/// The exact two-sided p-value of `successes` in 0 .. trials: the probability of all numbers that are no more
/// probable than it, as scipy.stats.binomtest and R's binom.test compute it.
double binomial_two_sided_p(std::int64_t successes, std::int64_t trials, double probability);

}  // namespace shoal
