// SPDX-License-Identifier: Apache-2.0
#include <shoal/garch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include <shoal/error.hpp>

namespace shoal {
namespace {

constexpr std::size_t fewest_returns = 10;
constexpr int most_steps = 300;
constexpr std::size_t tried_starts = 8;  // of the grid, those with the best likelihood
constexpr double near_corner = 0.02;     // a share below it is tried at 0, too
constexpr double settled = 1e-9;         // gradient of the mean log-likelihood that ends a descent

double mean_square(std::span<const double> returns) {
  double sum = 0.0;
  for (const double r : returns) sum += r * r;
  return sum / static_cast<double>(returns.size());
}

// The descent works on returns of mean square 1 and on free numbers: u = ln omega, and the logits of the
// shares of persistence alpha / 2, (alpha + gamma) / 2 and beta, which with the rest add up to 1. A GARCH has
// alpha twice. A share of a corner is 0 and stays there.
constexpr std::size_t shares = 3, numbers = 4;
using Vector = std::array<double, numbers>;  // u, then logits

struct Shape {
  GarchKind kind;
  std::array<bool, shares> at_zero = {};  ///< of GARCH the first two are one

  bool is_free(std::size_t i) const {
    if (i == 0) return true;
    if (kind == GarchKind::garch && i == 2) return false;
    return !at_zero[i - 1];
  }
};

/// exp of the logits over their sum with 1; those that are not free are 0.
std::array<double, shares> shares_of(const Shape& shape, const Vector& at) {
  double largest = 0.0, total = 0.0;
  std::array<double, shares> share{};
  for (std::size_t i = 0; i < shares; ++i)
    if (shape.is_free(i + 1)) largest = std::max(largest, at[i + 1]);
  for (std::size_t i = 0; i < shares; ++i) {
    share[i] = shape.is_free(i + 1) ? std::exp(at[i + 1] - largest) : 0.0;
    total += share[i];
  }
  total += std::exp(-largest);
  for (double& s : share) s /= total;
  return share;
}

GarchParameters parameters_of(const Shape& shape, const Vector& at) {
  const auto share = shares_of(shape, at);
  const double omega = std::exp(at[0]);
  if (shape.kind == GarchKind::garch) return {omega, share[0], 0.0, share[2]};
  return {omega, 2.0 * share[0], 2.0 * share[1] - 2.0 * share[0], share[2]};
}

/// Minus the mean log-likelihood of returns of mean square 1, without the constant, and its gradient.
double negative_mean(const Shape& shape, const Vector& at, std::span<const double> returns,
                     Vector& gradient) {
  const GarchParameters p = parameters_of(shape, at);
  const auto share = shares_of(shape, at);
  double h = 1.0, sum = 0.0;
  std::array<double, 4> dh{}, d{};  // by omega, weight of r >= 0, weight of r < 0, beta
  for (std::size_t t = 0; t < returns.size(); ++t) {
    const double square = returns[t] * returns[t];
    sum += std::log(h) + square / h;
    const double outer = (1.0 - square / h) / h;
    for (std::size_t i = 0; i < 4; ++i) d[i] += outer * dh[i];
    const bool fell = returns[t] < 0.0;
    const double before = h;
    h = p.omega + (p.alpha + (fell ? p.gamma : 0.0)) * square + p.beta * h;
    dh[0] = 1.0 + p.beta * dh[0];
    dh[1] = (fell ? 0.0 : square) + p.beta * dh[1];
    dh[2] = (fell ? square : 0.0) + p.beta * dh[2];
    dh[3] = before + p.beta * dh[3];
  }
  const double scale = 0.5 / static_cast<double>(returns.size());
  // By the shares: alpha = 2 share (GJR) or the share itself for both signs (GARCH).
  std::array<double, shares> by_share = {2.0 * d[1], 2.0 * d[2], d[3]};
  if (shape.kind == GarchKind::garch) by_share = {d[1] + d[2], 0.0, d[3]};
  double mean = 0.0;
  for (std::size_t i = 0; i < shares; ++i) mean += share[i] * by_share[i];
  gradient[0] = scale * d[0] * p.omega;
  for (std::size_t i = 0; i < shares; ++i)
    gradient[i + 1] = shape.is_free(i + 1) ? scale * share[i] * (by_share[i] - mean) : 0.0;
  return scale * sum;
}

struct Point {
  Shape shape;
  Vector at{};
  double value = HUGE_VAL;
};

/// The quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno with halved steps.
Point descend(Point from, std::span<const double> returns) {
  Vector gradient{};
  double value = negative_mean(from.shape, from.at, returns, gradient);
  std::array<Vector, numbers> inverse{};
  const auto reset = [&] {
    for (std::size_t i = 0; i < numbers; ++i)
      for (std::size_t j = 0; j < numbers; ++j) inverse[i][j] = i == j ? 1.0 : 0.0;
  };
  reset();
  bool fresh = true;
  for (int step = 0; step < most_steps; ++step) {
    double steepest = 0.0, slope = 0.0;
    Vector way{};
    for (std::size_t i = 0; i < numbers; ++i) {
      steepest = std::max(steepest, std::fabs(gradient[i]));
      for (std::size_t j = 0; j < numbers; ++j) way[i] -= inverse[i][j] * gradient[j];
    }
    if (steepest <= settled) break;
    double longest = 0.0;
    for (std::size_t i = 0; i < numbers; ++i) longest = std::max(longest, std::fabs(way[i]));
    for (std::size_t i = 0; i < numbers; ++i) {
      if (longest > 4.0) way[i] *= 4.0 / longest;
      slope += way[i] * gradient[i];
    }
    Vector next{}, next_gradient{};
    double next_value = HUGE_VAL, share = 1.0;
    for (; slope < 0.0 && share > 1e-9; share *= 0.5) {
      for (std::size_t i = 0; i < numbers; ++i) next[i] = from.at[i] + share * way[i];
      next_value = negative_mean(from.shape, next, returns, next_gradient);
      if (next_value <= value + 1e-4 * share * slope) break;
    }
    if (!(next_value < value)) {
      if (fresh) break;
      reset();
      fresh = true;
      continue;
    }
    Vector moved{}, turned{}, product{};
    double along = 0.0, curved = 0.0;
    for (std::size_t i = 0; i < numbers; ++i) {
      moved[i] = next[i] - from.at[i];
      turned[i] = next_gradient[i] - gradient[i];
      along += moved[i] * turned[i];
    }
    for (std::size_t i = 0; i < numbers; ++i) {
      for (std::size_t j = 0; j < numbers; ++j) product[i] += inverse[i][j] * turned[j];
      curved += turned[i] * product[i];
    }
    if (along > 1e-18)
      for (std::size_t i = 0; i < numbers; ++i)
        for (std::size_t j = 0; j < numbers; ++j)
          inverse[i][j] += (1.0 + curved / along) * moved[i] * moved[j] / along -
                           (moved[i] * product[j] + product[i] * moved[j]) / along;
    fresh = false;
    from.at = next;
    value = next_value;
    gradient = next_gradient;
  }
  from.value = value;
  return from;
}

/// Where shares and the level of the variance are these.
Point start_at(const Shape& shape, const std::array<double, shares>& share, double level,
               std::span<const double> returns) {
  Point point{shape};
  double rest = 1.0;
  for (std::size_t i = 0; i < shares; ++i)
    if (shape.is_free(i + 1)) rest -= share[i];
  for (std::size_t i = 0; i < shares; ++i)
    if (shape.is_free(i + 1)) point.at[i + 1] = std::log(share[i] / rest);
  point.at[0] = std::log(level * rest);
  Vector unused{};
  point.value = negative_mean(shape, point.at, returns, unused);
  return point;
}

std::vector<Point> starts(const Shape& shape, std::span<const double> returns) {
  std::vector<Point> points;
  const bool gjr = shape.kind == GarchKind::gjr;
  for (const double persistence : {0.1, 0.5, 0.8, 0.95, 0.99, 0.998, 0.99995})
    for (const double news : {0.004, 0.02, 0.1, 0.4, 0.9})  // the share of it that r^2 has
      for (const double down : gjr ? std::vector<double>{0.15, 0.5, 0.85} : std::vector<double>{0.5})
        for (const double level : {1e-6, 0.5, 1.0, 2.0}) {
          const double weight = persistence * news;
          std::array<double, shares> share{gjr ? weight * (1.0 - down) : weight, gjr ? weight * down : 0.0,
                                           persistence - weight};
          for (std::size_t i = 0; i < 2; ++i)  // what a corner has at 0, the past variance gets
            if (gjr || i == 0) share[2] += shape.is_free(i + 1) ? 0.0 : share[i];
          points.push_back(start_at(shape, share, level, returns));
        }
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.value < b.value; });
  return points;
}

/// Starts that are near each other lead to one optimum: of the grid the best, then the best of the others.
Point best_inside(GarchKind kind, std::span<const double> returns) {
  const std::vector<Point> all = starts({kind}, returns);
  std::vector<Point> tried;
  for (const Point& point : all) {
    const bool apart = std::all_of(tried.begin(), tried.end(), [&](const Point& other) {
      double far = 0.0;
      for (std::size_t i = 1; i < numbers; ++i) far = std::max(far, std::fabs(point.at[i] - other.at[i]));
      return far > 0.5;
    });
    if (apart) tried.push_back(point);
    if (tried.size() == tried_starts) break;
  }
  Point best;
  for (const Point& point : tried)
    if (Point found = descend(point, returns); found.value < best.value) best = found;
  return best;
}

/// The best of the corners that have a small share at 0: none is reached from inside.
Point with_corners(const Point& inside, std::span<const double> returns) {
  Point best = inside;
  const auto share = shares_of(inside.shape, inside.at);
  std::vector<std::size_t> small;
  for (std::size_t i = 0; i < shares; ++i)
    if (inside.shape.is_free(i + 1) && share[i] < near_corner) small.push_back(i);
  for (std::size_t mask = 1; mask < (std::size_t{1} << small.size()); ++mask) {
    Shape shape{inside.shape.kind};
    for (std::size_t i = 0; i < small.size(); ++i) shape.at_zero[small[i]] = (mask >> i & 1) != 0;
    Point from{shape, inside.at};
    for (std::size_t i = 0; i < shares; ++i)  // a logit far out has no slope to come back by
      from.at[i + 1] = shape.is_free(i + 1) ? std::clamp(inside.at[i + 1], -6.0, 12.0) : 0.0;
    if (const Point found = descend(from, returns); found.value < best.value) best = found;
    if (const Point found = descend(starts(shape, returns).front(), returns); found.value < best.value)
      best = found;
  }
  return best;
}

}  // namespace

std::string_view to_string(GarchKind kind) {
  return kind == GarchKind::garch ? "garch" : "gjr";
}

std::vector<double> garch_variances(const GarchParameters& p, double first_variance,
                                    std::span<const double> returns) {
  std::vector<double> h = {first_variance};
  h.reserve(returns.size() + 1);
  for (const double r : returns)
    h.push_back(p.omega + (p.alpha + (r < 0.0 ? p.gamma : 0.0)) * r * r + p.beta * h.back());
  return h;
}

double garch_loglikelihood(const GarchParameters& parameters, std::span<const double> returns) {
  const std::vector<double> h = garch_variances(parameters, mean_square(returns), returns);
  double sum = 0.0;
  for (std::size_t t = 0; t < returns.size(); ++t)
    sum += std::log(2.0 * std::numbers::pi) + std::log(h[t]) + returns[t] * returns[t] / h[t];
  return -0.5 * sum;
}

GarchFit fit_garch(GarchKind kind, std::span<const double> returns) {
  const std::string name(to_string(kind));
  if (returns.size() < fewest_returns)
    throw DataError(name + ": " + std::to_string(returns.size()) + " returns are too few; it needs " +
                    std::to_string(fewest_returns));
  for (std::size_t t = 0; t < returns.size(); ++t)
    if (!std::isfinite(returns[t]))
      throw DataError(name + ": return " + std::to_string(t) + " is not finite");
  const double variance = mean_square(returns);
  if (!(variance > 0.0)) throw DataError(name + ": all returns are 0");
  std::vector<double> scaled(returns.begin(), returns.end());
  const double deviation = std::sqrt(variance);
  for (double& r : scaled) r /= deviation;
  const Point best = with_corners(best_inside(kind, scaled), scaled);
  GarchFit fit;
  fit.parameters = parameters_of(best.shape, best.at);
  fit.parameters.omega *= variance;
  fit.rows = static_cast<std::int64_t>(returns.size());
  fit.first_variance = variance;
  fit.loglikelihood = garch_loglikelihood(fit.parameters, returns);
  return fit;
}

}  // namespace shoal
