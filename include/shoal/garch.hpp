// SPDX-License-Identifier: Apache-2.0
// GARCH(1,1) and GJR-GARCH(1,1) with mean zero and normal likelihood: the baselines of a variance forecast.
//
// Example:
//
//   const std::vector<double> returns = {0.3, -1.2, 0.8, 0.1, -0.4, 2.0, -1.1, 0.2, 0.6, -0.9};
//   const shoal::GarchFit fit = shoal::fit_garch(shoal::GarchKind::gjr, returns);
//   const std::vector<double> variances =
//       shoal::garch_variances(fit.parameters, fit.first_variance, returns);
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace shoal {

enum class GarchKind { garch, gjr };
std::string_view to_string(GarchKind kind);

/// h_t = omega + (alpha + gamma 1{r_{t-1} < 0}) r_{t-1}^2 + beta h_{t-1}, with omega > 0, alpha, alpha +
/// gamma and beta >= 0, alpha + gamma / 2 + beta < 1. gamma = 0 in GARCH.
struct GarchParameters {
  double omega = 0.0, alpha = 0.0, gamma = 0.0, beta = 0.0;
};

struct GarchFit {
  GarchParameters parameters;
  std::int64_t rows = 0;
  double first_variance = 0.0;  ///< h_1: the mean square of the returns
  double loglikelihood = 0.0;
};

/// The variances h_1 .. h_n of n returns in order of time, each from the returns before it; and, as the last
/// of n + 1, that of the return that comes next.
std::vector<double> garch_variances(const GarchParameters& parameters, double first_variance,
                                    std::span<const double> returns);

/// - sum (ln 2 pi + ln h_t + r_t^2 / h_t) / 2 with h_1 the mean square.
double garch_loglikelihood(const GarchParameters& parameters, std::span<const double> returns);

/// Maximises the likelihood: several starts, a quasi-Newton descent from the best of them, and every corner
/// of the constraints that the optimum lies near. Throws DataError for fewer than 10 returns, returns that
/// are not finite, or that are all 0.
GarchFit fit_garch(GarchKind kind, std::span<const double> returns);

}  // namespace shoal
