// SPDX-License-Identifier: Apache-2.0
// The definition of every loss for the tests, written independently of the library: options and targets to
// draw, terms, kinks. The general template is not defined: a loss without a case does not compile, and one
// with a case is in every sweep over random problems.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <shoal/loss.hpp>

#include "support/draws.hpp"

namespace shoal::testing {

/// Functions of a row with outputs o and targets y (a class label is a number):
///   draw(random)                  the loss with options that are floats
///   labels                        whether targets are class labels
///   target(random, normal)        a target, made from a draw of N(0, 1)
///   outputs(loss, targets)        number of outputs for that many target columns or classes
///   mean_over(targets, outputs)   what the mean counts in a row
///   terms(loss, o, y)             the sum of the row's terms
///   kink(loss, o, y)              distance to the next jump of the first derivative; infinity: none
template <LossKind kind>
struct LossCase;

/// Most losses: no options, any target, an output for each, smooth everywhere.
template <LossKind kind>
struct PlainLossCase {
  static constexpr bool labels = false;
  static Loss draw(std::mt19937_64&) { return {.kind = kind}; }
  static double target(std::mt19937_64&, double normal) { return normal; }
  static int outputs(const Loss&, int targets) { return targets; }
  static int mean_over(int, int outputs) { return outputs; }
  static double kink(const Loss&, const std::vector<double>&, const std::vector<double>&) {
    return std::numeric_limits<double>::infinity();
  }
};

template <>
struct LossCase<LossKind::mse> : PlainLossCase<LossKind::mse> {
  static double terms(const Loss&, const std::vector<double>& o, const std::vector<double>& y) {
    double sum = 0.0;
    for (std::size_t j = 0; j < o.size(); ++j) sum += (o[j] - y[j]) * (o[j] - y[j]);
    return sum;
  }
};

template <>
struct LossCase<LossKind::huber> : PlainLossCase<LossKind::huber> {
  static Loss draw(std::mt19937_64& random) {
    return {.kind = LossKind::huber, .delta = single(uniform(random, 0.3, 1.5))};
  }
  static double terms(const Loss& loss, const std::vector<double>& o, const std::vector<double>& y) {
    double sum = 0.0;
    for (std::size_t j = 0; j < o.size(); ++j) {
      const double d = std::fabs(o[j] - y[j]);
      sum += d <= loss.delta ? 0.5 * d * d : loss.delta * (d - 0.5 * loss.delta);
    }
    return sum;
  }
  static double kink(const Loss& loss, const std::vector<double>& o, const std::vector<double>& y) {
    double nearest = std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < o.size(); ++j)
      nearest = std::min(nearest, std::abs(std::abs(o[j] - y[j]) - loss.delta));
    return nearest;
  }
};

template <>
struct LossCase<LossKind::bce> : PlainLossCase<LossKind::bce> {
  static Loss draw(std::mt19937_64& random) {
    return {.kind = LossKind::bce, .pos_weight = single(uniform(random, 0.5, 3.0))};
  }
  static double target(std::mt19937_64& random, double) { return uniform_int(random, 0, 1); }
  static double terms(const Loss& loss, const std::vector<double>& o, const std::vector<double>& y) {
    double sum = 0.0;
    for (std::size_t j = 0; j < o.size(); ++j)
      sum += -(1.0 - y[j]) * std::log(1.0 / (1.0 + std::exp(o[j]))) -
             loss.pos_weight * y[j] * std::log(1.0 / (1.0 + std::exp(-o[j])));
    return sum;
  }
};

template <>
struct LossCase<LossKind::softmax> : PlainLossCase<LossKind::softmax> {
  static constexpr bool labels = true;
  static int mean_over(int, int) { return 1; }
  static double terms(const Loss&, const std::vector<double>& o, const std::vector<double>& y) {
    double sum = 0.0;
    for (const double value : o) sum += std::exp(value);
    return std::log(sum) - o[static_cast<std::size_t>(y[0])];
  }
};

template <>
struct LossCase<LossKind::pinball> : PlainLossCase<LossKind::pinball> {
  static Loss draw(std::mt19937_64&) {
    return {.kind = LossKind::pinball, .quantiles = {single(0.05), 0.5, single(0.9)}};
  }
  static int outputs(const Loss& loss, int targets) {
    return targets * static_cast<int>(loss.quantiles.size());
  }
  static double terms(const Loss& loss, const std::vector<double>& o, const std::vector<double>& y) {
    const std::size_t levels = loss.quantiles.size();
    double sum = 0.0;
    for (std::size_t j = 0; j < o.size(); ++j) {
      const double r = y[j / levels] - o[j], tau = loss.quantiles[j % levels];
      sum += std::fmax(tau * r, (tau - 1.0) * r);
    }
    return sum;
  }
  static double kink(const Loss& loss, const std::vector<double>& o, const std::vector<double>& y) {
    double nearest = std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < o.size(); ++j)
      nearest = std::min(nearest, std::abs(o[j] - y[j / loss.quantiles.size()]));
    return nearest;
  }
};

template <>
struct LossCase<LossKind::gaussian_nll> : PlainLossCase<LossKind::gaussian_nll> {
  static int outputs(const Loss&, int targets) { return 2 * targets; }
  static int mean_over(int targets, int) { return targets; }
  static double terms(const Loss&, const std::vector<double>& o, const std::vector<double>& y) {
    double sum = 0.0;
    for (std::size_t t = 0; t < y.size(); ++t) {
      const double mean = o[t], variance = std::exp(o[y.size() + t]);
      sum += 0.5 * (std::log(variance) + (y[t] - mean) * (y[t] - mean) / variance);
    }
    return sum;
  }
};

template <>
struct LossCase<LossKind::qlike> : PlainLossCase<LossKind::qlike> {
  static Loss draw(std::mt19937_64& random) {
    Loss loss{.kind = LossKind::qlike};
    if (random() % 2) loss.floor = single(0.2);
    return loss;
  }
  static double target(std::mt19937_64&, double normal) { return 0.2 + normal * normal; }
  static double terms(const Loss& loss, const std::vector<double>& o, const std::vector<double>& y) {
    double sum = 0.0;
    for (std::size_t j = 0; j < o.size(); ++j) {
      const double x = loss.floor ? std::fmax(y[j], *loss.floor) : y[j], ratio = x / std::exp(o[j]);
      sum += ratio - std::log(ratio) - 1.0;
    }
    return sum;
  }
};

}  // namespace shoal::testing
