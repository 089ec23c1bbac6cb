// SPDX-License-Identifier: Apache-2.0
// The fp32 losses against their definitions in double: terms, gradient by differences of the terms, curvature
// by differences of the gradient.
#include "kernels/losses.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

namespace shoal::kernels {
namespace {

using Terms = std::function<double(const std::vector<double>& o, const std::vector<double>& y)>;

double softplus_of(double x) {
  return std::fmax(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
}

template <class L>
void check(const L& loss, std::size_t outputs, std::size_t targets, const Terms& terms,
           const std::function<double(std::mt19937&)>& draw_target) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  for (int round = 0; round < 300; ++round) {
    std::vector<float> o(outputs), y(targets), ro(outputs), delta(outputs), rd(outputs);
    std::vector<double> wide(outputs), wide_y(targets);
    for (std::size_t j = 0; j < outputs; ++j) {
      wide[j] = o[j] = static_cast<float>(normal(random));
      ro[j] = static_cast<float>(normal(random));
    }
    for (std::size_t j = 0; j < targets; ++j) wide_y[j] = y[j] = static_cast<float>(draw_target(random));
    const float start = 0.75f, scale = 0.25f;
    const double want = 0.75 + terms(wide, wide_y);
    EXPECT_NEAR(add_terms(loss, o.data(), y.data(), start), want, 1e-6 * std::fmax(1.0, std::fabs(want)));

    constexpr double h = 1e-4;
    const auto slope = [&](const std::vector<double>& at, std::size_t j) {
      auto up = at, down = at;
      up[j] += h;
      down[j] -= h;
      return (terms(up, wide_y) - terms(down, wide_y)) / (2.0 * h);
    };
    loss.gradient(o.data(), y.data(), scale, delta.data());
    loss.curvature(o.data(), y.data(), ro.data(), scale, rd.data());
    auto up = wide, down = wide;
    for (std::size_t j = 0; j < outputs; ++j) {
      up[j] += h * ro[j];
      down[j] -= h * ro[j];
    }
    for (std::size_t j = 0; j < outputs; ++j) {
      EXPECT_NEAR(delta[j], scale * slope(wide, j), 3e-5);
      EXPECT_NEAR(rd[j], scale * (slope(up, j) - slope(down, j)) / (2.0 * h), 2e-3);
    }
  }
}

double normal_target(std::mt19937& random) {
  return 3.0 * std::normal_distribution<double>()(random);
}

TEST(Losses, Mse) {
  check(
      Mse{3}, 3, 3,
      [](const auto& o, const auto& y) {
        double sum = 0.0;
        for (std::size_t j = 0; j < o.size(); ++j) sum += (o[j] - y[j]) * (o[j] - y[j]);
        return sum;
      },
      normal_target);
}
TEST(Losses, Huber) {
  // Targets far from the kink on either side.
  check(
      Huber{2, 0.5f}, 2, 2,
      [](const auto& o, const auto& y) {
        double sum = 0.0;
        for (std::size_t j = 0; j < o.size(); ++j) {
          const double d = std::fabs(o[j] - y[j]);
          sum += d <= 0.5 ? 0.5 * d * d : 0.5 * (d - 0.25);
        }
        return sum;
      },
      [](std::mt19937& random) { return random() % 2 ? 30.0 : -30.0; });
}
TEST(Losses, Bce) {
  check(
      Bce{2, 1.5f}, 2, 2,
      [](const auto& o, const auto& y) {
        double sum = 0.0;
        for (std::size_t j = 0; j < o.size(); ++j)
          sum += (1.0 - y[j]) * softplus_of(o[j]) + 1.5 * y[j] * softplus_of(-o[j]);
        return sum;
      },
      [](std::mt19937& random) { return static_cast<double>(random() % 2); });
}
TEST(Losses, Softmax) {
  check(
      Softmax{4}, 4, 1,
      [](const auto& o, const auto& y) {
        double sum = 0.0;
        for (const double value : o) sum += std::exp(value);
        return std::log(sum) - o[static_cast<std::size_t>(y[0])];
      },
      [](std::mt19937& random) { return static_cast<double>(random() % 4); });
}
TEST(Losses, Pinball) {
  static const float quantiles[] = {0.1f, 0.5f, 0.9f};
  check(
      Pinball{2, quantiles, 3}, 6, 2,
      [](const auto& o, const auto& y) {
        double sum = 0.0;
        for (std::size_t j = 0; j < o.size(); ++j) {
          const double r = y[j / 3] - o[j], tau = static_cast<double>(quantiles[j % 3]);
          sum += std::fmax(tau * r, (tau - 1.0) * r);
        }
        return sum;
      },
      [](std::mt19937& random) { return random() % 2 ? 20.0 : -20.0; });
}
TEST(Losses, GaussianNll) {
  check(
      GaussianNll{2}, 4, 2,
      [](const auto& o, const auto& y) {
        double sum = 0.0;
        for (std::size_t t = 0; t < 2; ++t)
          sum += 0.5 * (o[2 + t] + (y[t] - o[t]) * (y[t] - o[t]) * std::exp(-o[2 + t]));
        return sum;
      },
      [](std::mt19937& random) { return std::normal_distribution<double>()(random); });
}
TEST(Losses, QlikeWithAFloor) {
  check(
      Qlike{2, 0.25f}, 2, 2,
      [](const auto& o, const auto& y) {
        double sum = 0.0;
        for (std::size_t j = 0; j < o.size(); ++j) {
          const double x = std::fmax(y[j], 0.25);
          sum += x * std::exp(-o[j]) - std::log(x) + o[j] - 1.0;
        }
        return sum;
      },
      [](std::mt19937& random) { return std::normal_distribution<double>()(random); });
}

}  // namespace
}  // namespace shoal::kernels
