// SPDX-License-Identifier: Apache-2.0
#include "finance/market_regimes.hpp"

#include <array>
#include <cmath>
#include <cstddef>

#include "core/float_environment.hpp"
#include "finance/cosine.hpp"
#include "finance/exponential.hpp"
#include "finance/logarithm.hpp"

namespace shoal::finance {
namespace {

constexpr double days_per_year = 252.0;
constexpr std::int64_t burn_in = 100;  // days before the first: the variance starts at its mean
constexpr double mean_jump = -0.3;     // in current deviations

/// A uniform number in [0, 1) of 32 bits.
double uniform(const RandomStream& stream, std::uint32_t element) {
  return static_cast<double>(stream.bits(element)) * 0x1p-32;
}
double uniform(const RandomStream& stream, std::uint32_t element, double low, double high) {
  return low + (high - low) * uniform(stream, element);
}

/// What an asset is drawn with. The order of the elements is part of what a seed means.
struct Asset {
  double volatility;                 ///< of a day, percent
  double alpha, gamma, beta, omega;  ///< GJR-GARCH with mean variance 1
  double nu;                         ///< degrees of freedom of the innovations
  std::array<double, 3> multiplier;  ///< of the volatility, by regime
  std::array<double, 3> leaving;     ///< probability of leaving a regime on a day
  double jumps;                      ///< expected number on a day
  double jump_deviation;             ///< in current deviations
  double autoregression;
  int regime;  ///< at the start, by the share of the days that each one has

  explicit Asset(const RandomStream& stream) {
    volatility = 29.0 * natural_exp(0.3 * static_cast<double>(stream.normal(0))) / std::sqrt(days_per_year);
    alpha = uniform(stream, 1, 0.0, 0.04);
    gamma = uniform(stream, 2, 0.03, 0.12);
    const double persistence = uniform(stream, 3, 0.975, 0.997);
    beta = persistence - alpha - 0.5 * gamma;
    omega = 1.0 - persistence;
    nu = uniform(stream, 4, 4.5, 9.0);
    multiplier = {0.75, 1.0, uniform(stream, 5, 1.4, 2.2)};
    const std::array<double, 3> stay = {uniform(stream, 6, 250.0, 1000.0), uniform(stream, 7, 250.0, 1000.0),
                                        uniform(stream, 8, 60.0, 250.0)};
    for (std::size_t r = 0; r < stay.size(); ++r) leaving[r] = 1.0 / stay[r];
    jumps = uniform(stream, 9, 0.0, 2.0) / days_per_year;
    jump_deviation = uniform(stream, 10, 2.0, 4.0);
    autoregression = uniform(stream, 11, -0.05, 0.02);
    const double at = uniform(stream, 12) * (stay[0] + stay[1] + stay[2]);
    regime = at < stay[0] ? 0 : at < stay[0] + stay[1] ? 1 : 2;
  }
};

/// Student's t with unit variance (Bailey 1994, "Polar generation of random variates with the
/// t-distribution").
double innovation(const RandomStream& day, double nu) {
  const std::uint64_t bits = std::uint64_t{day.bits(0)} << 32 | day.bits(1);
  const double u = (static_cast<double>(bits >> 11) + 1.0) * 0x1p-53;  // in (0, 1]
  const double radius = std::sqrt((nu - 2.0) * (natural_exp(-2.0 / nu * natural_log(u)) - 1.0));
  return radius * cosine_of_turns(uniform(day, 2));
}

/// The sum of a day's jumps, in current deviations; their number has Poisson's law.
double jump(const RandomStream& day, const Asset& asset) {
  const double u = uniform(day, 3);
  double probability = natural_exp(-asset.jumps), below = probability, sum = 0.0;
  for (std::uint32_t count = 1; u >= below && count < 8; ++count) {
    sum += mean_jump + asset.jump_deviation * static_cast<double>(day.normal(3 + count));
    probability *= asset.jumps / count;
    below += probability;
  }
  return sum;
}

/// From any regime the other two are equally likely.
int next_regime(const RandomStream& day, const Asset& asset, int regime) {
  const double leaves = asset.leaving[static_cast<std::size_t>(regime)], u = uniform(day, 12);
  if (u >= leaves) return regime;
  return (regime + (u < 0.5 * leaves ? 1 : 2)) % 3;
}

}  // namespace

SimulatedReturns simulate_returns(std::uint64_t seed, Purpose purpose, std::int64_t asset_id,
                                  std::int64_t days) {
  const FloatEnvironment environment;
  const auto id = static_cast<std::uint64_t>(asset_id);
  const Asset asset{RandomStream(seed, purpose, id)};
  SimulatedReturns series;
  series.returns.reserve(static_cast<std::size_t>(days));
  series.true_variance.reserve(static_cast<std::size_t>(days));
  const double jump_square = mean_jump * mean_jump + asset.jump_deviation * asset.jump_deviation;
  double variance = 1.0, last = 0.0;  // of the GARCH process; the return of the day before
  int regime = asset.regime;
  for (std::int64_t d = 0; d < days + burn_in; ++d) {
    const RandomStream day(seed, purpose, id, static_cast<std::uint32_t>(d + 1));
    regime = next_regime(day, asset, regime);
    const double deviation =
        asset.volatility * asset.multiplier[static_cast<std::size_t>(regime)] * std::sqrt(variance);
    const double z = innovation(day, asset.nu), mean = asset.autoregression * last;
    const double expected = mean + deviation * asset.jumps * mean_jump;
    last = mean + deviation * (z + jump(day, asset));
    if (d >= burn_in) {
      series.returns.push_back(last);
      series.true_variance.push_back(expected * expected +
                                     deviation * deviation * (1.0 + asset.jumps * jump_square));
    }
    // Jumps do not feed the variance: they come and go.
    const double square = variance * z * z;
    variance = asset.omega + (asset.alpha + (z < 0.0 ? asset.gamma : 0.0)) * square + asset.beta * variance;
  }
  return series;
}

}  // namespace shoal::finance
