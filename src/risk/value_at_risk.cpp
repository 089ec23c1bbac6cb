// SPDX-License-Identifier: Apache-2.0
#include <shoal/value_at_risk.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include <shoal/distributions.hpp>
#include <shoal/error.hpp>
#include <shoal/forecast_metrics.hpp>

#include "risk/require_rows.hpp"
#include "risk/saddle_point.hpp"

namespace shoal {
namespace {

constexpr std::ptrdiff_t traffic_light_window = 250;

LikelihoodRatio ratio_of(double lr, std::int64_t degrees_of_freedom) {
  return {lr, chi_square_survival(lr, degrees_of_freedom)};
}

/// Adds what expected shortfall is tested by.
void add_shortfall(VarMetrics& metrics, std::span<const double> target, std::span<const double> var,
                   std::span<const double> es, double level) {
  require_rows("var_metrics", target.size(), es.size());
  if (!(level < 0.5)) throw InvalidArgument("var_metrics: expected shortfall needs a level below 0.5");
  double beyond = 0.0, score = 0.0;
  for (std::size_t row = 0; row < target.size(); ++row) {
    if (!(es[row] < 0.0))
      throw InvalidArgument("var_metrics: the expected shortfall of row " + std::to_string(row) +
                            " must be below 0, not " + std::to_string(es[row]));
    if (target[row] < var[row]) beyond += target[row] / (level * es[row]);
    score += fz0_term(target[row], var[row], es[row], level);
  }
  metrics.z2 = 1.0 - beyond / static_cast<double>(metrics.rows);
  metrics.fz0 = score / static_cast<double>(metrics.rows);
}

}  // namespace

LikelihoodRatio kupiec(std::int64_t rows, std::int64_t exceedances, double level) {
  require_level("kupiec", level);
  if (rows < 1 || exceedances < 0 || exceedances > rows)
    throw InvalidArgument("kupiec: needs at least 1 row and exceedances from 0 to the number of rows");
  const auto n = static_cast<double>(rows), x = static_cast<double>(exceedances);
  // The usual form subtracts two log-likelihoods that are nearly equal; this one does not.
  return ratio_of(2.0 * (deviance_term(x, n * level) + deviance_term(n - x, n * (1.0 - level))), 1);
}

Transitions transitions_of(std::span<const bool> exceeded) {
  Transitions count{};
  for (std::size_t row = 1; row < exceeded.size(); ++row)
    ++count[2 * static_cast<std::size_t>(exceeded[row - 1]) + static_cast<std::size_t>(exceeded[row])];
  return count;
}

LikelihoodRatio independence(const Transitions& transitions) {
  double rows = 0.0, from[2] = {0.0, 0.0}, to[2] = {0.0, 0.0};
  for (std::size_t cell = 0; cell < transitions.size(); ++cell) {
    if (transitions[cell] < 0) throw InvalidArgument("independence: needs numbers of rows, at least 0");
    const auto count = static_cast<double>(transitions[cell]);
    rows += count;
    from[cell / 2] += count;
    to[cell % 2] += count;
  }
  // The ratio of the two likelihoods is that of the test of independence in a table of two by two.
  double half = 0.0;
  for (std::size_t cell = 0; cell < transitions.size(); ++cell) {
    const double product = from[cell / 2] * to[cell % 2];
    if (product > 0.0) half += deviance_term(static_cast<double>(transitions[cell]), product / rows);
  }
  return ratio_of(2.0 * half, 1);
}

LikelihoodRatio conditional_coverage(const LikelihoodRatio& kupiec, const LikelihoodRatio& independence) {
  return ratio_of(kupiec.lr + independence.lr, 2);
}

std::string_view to_string(TrafficZone zone) {
  switch (zone) {
    case TrafficZone::green:
      return "green";
    case TrafficZone::yellow:
      return "yellow";
    case TrafficZone::red:
      return "red";
  }
  return "";
}

TrafficLight traffic_light(std::span<const bool> exceeded, double level) {
  require_level("traffic_light", level);
  TrafficLight light;
  light.window = std::min(std::ssize(exceeded), traffic_light_window);
  const auto last = exceeded.last(static_cast<std::size_t>(light.window));
  light.exceedances = std::count(last.begin(), last.end(), true);
  const double probability = binomial_cdf(light.exceedances, light.window, level);
  light.zone = probability < 0.95     ? TrafficZone::green
               : probability < 0.9999 ? TrafficZone::yellow
                                      : TrafficZone::red;
  return light;
}

double fz0_term(double target, double var, double es, double level) {
  const double beyond = target <= var ? (var - target) / (level * -es) : 0.0;
  return beyond + var / es + std::log(-es) - 1.0;
}

VarMetrics var_metrics(std::span<const double> target, std::span<const double> var, double level,
                       std::span<const double> es) {
  require_rows("var_metrics", target.size(), var.size());
  require_level("var_metrics", level);
  VarMetrics metrics;
  metrics.rows = std::ssize(target);
  const auto flags = std::make_unique<bool[]>(target.size());
  for (std::size_t row = 0; row < target.size(); ++row) {
    flags[row] = target[row] < var[row];
    metrics.exceedances += flags[row];
    metrics.tick += tick_term(target[row], var[row], level);
  }
  const auto rows = static_cast<double>(metrics.rows);
  metrics.tick /= rows;
  metrics.rate = static_cast<double>(metrics.exceedances) / rows;
  metrics.kupiec = kupiec(metrics.rows, metrics.exceedances, level);
  metrics.binomial_p = binomial_two_sided_p(metrics.exceedances, metrics.rows, level);
  const std::span<const bool> exceeded(flags.get(), target.size());
  metrics.transitions = transitions_of(exceeded);
  metrics.independence = independence(metrics.transitions);
  metrics.conditional_coverage = conditional_coverage(metrics.kupiec, metrics.independence);
  metrics.traffic_light = traffic_light(exceeded, level);
  if (!es.empty()) add_shortfall(metrics, target, var, es, level);
  return metrics;
}

}  // namespace shoal
