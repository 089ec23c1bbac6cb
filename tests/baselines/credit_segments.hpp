// SPDX-License-Identifier: Apache-2.0
// Loans of segments whose intercepts and slopes spread by known amounts: logit PD = a + x'(b + tau U z) with
// a ~ N(-2.2, level), z ~ N(0, I) of three dimensions, and twelve features x ~ N(m, 1) around a segment's own
// m ~ N(0, 0.3).
#pragma once

#include <cstdint>
#include <vector>

#include <shoal/task_batch.hpp>

#include "baselines/draws.hpp"

namespace shoal::testing {

struct CreditSegments {
  TaskColumns columns;
  TaskSetStorage<double> rows;
};

inline CreditSegments credit_segments(std::uint64_t seed, int segments, int loans, double tau, double level) {
  constexpr std::size_t d = 12, rank = 3;
  Draws draws(seed * 0x9e3779b97f4a7c15ull);
  CreditSegments made{{static_cast<int>(d), 1, 0}, {}};
  std::vector<double> b, u;
  for (std::size_t k = 0; k < d; ++k) b.push_back((k % 2 == 0 ? 0.4 : -0.4) + 0.1 * draws.normal());
  for (std::size_t k = 0; k < d * rank; ++k) u.push_back(0.22 * draws.normal());
  for (int s = 0; s < segments; ++s) {
    const double a = -2.2 + level * draws.normal();
    const std::vector<double> z = {draws.normal(), draws.normal(), draws.normal()};
    std::vector<double> mean, slope = b;
    for (std::size_t k = 0; k < d; ++k) {
      mean.push_back(0.3 * draws.normal());
      for (std::size_t r = 0; r < rank; ++r) slope[k] += tau * u[k * rank + r] * z[r];
    }
    for (int loan = 0; loan < loans; ++loan) {
      double logit = a;
      for (std::size_t k = 0; k < d; ++k) {
        const double x = mean[k] + draws.normal();
        made.rows.x.push_back(x);
        logit += slope[k] * x;
      }
      made.rows.y.push_back(draws.uniform() < 1.0 / (1.0 + std::exp(-logit)) ? 1.0 : 0.0);
    }
    made.rows.row_starts.push_back(made.rows.row_starts.back() + loans);
  }
  return made;
}

}  // namespace shoal::testing
