// SPDX-License-Identifier: Apache-2.0
// Probabilities of the binomial and the Poisson distribution without loss of digits, however many trials
// there are: C. Loader, "Fast and accurate computation of binomial probabilities" (2000). A difference of
// lgammas would lose as many digits as its terms have in front of the point.
#pragma once

namespace shoal {

/// x ln(x / mean) + mean - x for x >= 0, mean > 0: half the deviance of a Poisson count. At least 0; no
/// digits cancel where x is close to the mean.
double deviance_term(double x, double mean);

/// n choose x times p^x q^(n - x) for real 0 <= x <= n and q = 1 - p, both in [0, 1].
double binomial_mass(double x, double n, double p, double q);

/// mean^x exp(-mean) / Gamma(x + 1) for real x >= 0, mean > 0.
double poisson_mass(double x, double mean);

}  // namespace shoal
