// SPDX-License-Identifier: Apache-2.0
// Random numbers and data that draws.py draws bit by bit alike: what the oracles of this folder are computed
// on.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <shoal/loss.hpp>
#include <shoal/task_batch.hpp>

namespace shoal::testing {

class Draws {
 public:
  explicit Draws(std::uint64_t seed) : state_(seed) {}
  double uniform() {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<double>(state_ >> 11) * 0x1p-53;
  }
  double normal() {
    double total = 0.0;
    for (int i = 0; i < 12; ++i) total += uniform();
    return total - 6.0;
  }

 private:
  std::uint64_t state_;
};

struct RowsCase {
  std::uint64_t seed;
  int tasks, rows, inputs;
  double level, spread;
  LossKind loss;
  bool offset, category;
};

/// The rows of the tasks, one task after another.
inline TaskSetStorage<double> rows_of(const RowsCase& c) {
  Draws draws(c.seed);
  TaskSetStorage<double> set;
  std::vector<double> common, slopes;
  for (int k = 0; k < c.inputs; ++k) common.push_back(draws.normal());
  for (int task = 0; task < c.tasks; ++task) {
    const double intercept = c.level * draws.normal() - 0.7;
    slopes.clear();
    for (const double b : common) slopes.push_back(0.5 * b + c.spread * draws.normal());
    for (int row = 0; row < c.rows; ++row) {
      std::vector<double> x;
      for (int k = 0; k < c.inputs; ++k) x.push_back(draws.normal());
      if (c.category) {
        const int chosen = static_cast<int>(draws.uniform() * 3.0);
        for (int k = 0; k < 3; ++k) x[static_cast<std::size_t>(c.inputs - 3 + k)] = chosen == k ? 1.0 : 0.0;
      }
      const double offset = c.offset ? 0.3 * draws.normal() : 0.0;
      double output = offset + intercept;
      for (std::size_t k = 0; k < x.size(); ++k) output += slopes[k] * x[k];
      const double draw = draws.uniform();
      const double p = 1.0 / (1.0 + std::exp(-output));
      set.x.insert(set.x.end(), x.begin(), x.end());
      if (c.offset) set.output_offset.push_back(offset);
      if (c.loss == LossKind::bce) set.y.push_back(draw < p ? 1.0 : 0.0);
      if (c.loss == LossKind::mse) set.y.push_back(output + draws.normal());
      if (c.loss == LossKind::qlike) {
        const double z = draws.normal();
        set.y.push_back(std::exp(0.3 * output) * (z * z));
      }
      if (c.loss == LossKind::softmax)
        set.labels.push_back((draw < p ? 1 : 0) + (draw < 1.0 / (1.0 + std::exp(1.0 - output)) ? 1 : 0));
    }
    set.row_starts.push_back(set.row_starts.back() + c.rows);
  }
  return set;
}

inline TaskColumns columns_of(const RowsCase& c) {
  return {c.inputs, c.loss == LossKind::softmax ? 0 : 1, c.offset ? 1 : 0};
}

struct ReturnsCase {
  std::uint64_t seed;
  int count;
  double omega, alpha, gamma, beta, zeros;
};

inline std::vector<double> returns_of(const ReturnsCase& c) {
  Draws draws(c.seed);
  double h = c.omega / std::max(1.0 - c.alpha - c.gamma / 2.0 - c.beta, 0.02);
  std::vector<double> series;
  for (int t = 0; t < c.count; ++t) {
    const bool idle = draws.uniform() < c.zeros;
    const double r = idle ? 0.0 : std::sqrt(h) * draws.normal();
    series.push_back(r);
    h = c.omega + (c.alpha + (r < 0.0 ? c.gamma : 0.0)) * r * r + c.beta * h;
  }
  return series;
}

}  // namespace shoal::testing
