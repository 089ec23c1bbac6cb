// SPDX-License-Identifier: Apache-2.0
#include <shoal/heterogeneity.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

#include <shoal/error.hpp>

#include <shoal/distributions.hpp>
#include "baselines/intercept.hpp"
#include "baselines/loss_terms.hpp"

namespace shoal {
namespace {

using baselines::LossTerms;

/// The rows of one task.
struct Rows {
  std::span<const double> x, y, outputs;
  std::size_t inputs;
};

/// Score and information of a task's intercept.
struct InterceptScore {
  double score = 0.0, information = 0.0;
};

InterceptScore intercept_score(const Loss& loss, const Rows& rows) {
  InterceptScore sum;
  for (std::size_t i = 0; i < rows.y.size(); ++i) {
    const LossTerms terms = baselines::loss_terms(loss, rows.outputs[i], rows.y[i]);
    sum.score -= terms.slope;
    sum.information += terms.information;
  }
  return sum;
}

/// At a task's own intercept: squared slopes and information for the dispersion, scores g of the coefficients
/// and their information with the intercept projected out.
struct SlopeScore {
  double squares = 0.0, information = 0.0;
  double g2 = 0.0, trace = 0.0, trace2 = 0.0;  // g'g, tr I, tr(I^2)
};

SlopeScore slope_score(const Loss& loss, const Rows& rows, double intercept) {
  const std::size_t p = rows.inputs;
  std::vector<double> g(p, 0.0), weighted(p, 0.0), second(p * p, 0.0);
  SlopeScore score;
  for (std::size_t i = 0; i < rows.y.size(); ++i) {
    const LossTerms terms = baselines::loss_terms(loss, rows.outputs[i] + intercept, rows.y[i]);
    score.squares += terms.slope * terms.slope;
    score.information += terms.information;
    const double* x = rows.x.data() + i * p;
    for (std::size_t a = 0; a < p; ++a) {
      g[a] -= terms.slope * x[a];
      weighted[a] += terms.information * x[a];
      for (std::size_t b = 0; b <= a; ++b) second[a * p + b] += terms.information * x[a] * x[b];
    }
  }
  if (!(score.information > 0.0)) return score;  // outputs so far out that nothing moves them
  for (std::size_t a = 0; a < p; ++a) {
    score.g2 += g[a] * g[a];
    for (std::size_t b = 0; b <= a; ++b) {
      const double entry = second[a * p + b] - weighted[a] * weighted[b] / score.information;
      if (a == b) score.trace += entry;
      score.trace2 += (a == b ? 1.0 : 2.0) * entry * entry;
    }
  }
  return score;
}

/// Pearson's dispersion within tasks; each task's intercept takes a degree of freedom.
double dispersion_of(const std::vector<SlopeScore>& scores, std::int64_t rows) {
  double squares = 0.0, information = 0.0;
  for (const SlopeScore& score : scores) {
    squares += score.squares;
    information += score.information;
  }
  const auto n = static_cast<double>(rows), left = n - static_cast<double>(scores.size());
  return squares > 0.0 && left > 0.0 ? squares / information * n / left : 1.0;
}

BiasSpread bias_spread(const std::vector<InterceptScore>& scores, double dispersion) {
  BiasSpread spread;
  spread.df = std::ssize(scores) - 1;
  double excess = 0.0, squares = 0.0;
  for (const InterceptScore& raw : scores) {
    const double s = raw.score / dispersion, i = raw.information / dispersion;
    if (!(i > 0.0)) continue;
    spread.q += s * s / i;
    excess += s * s - i;
    squares += i * i;
  }
  if (spread.df >= 1) spread.p = chi_square_survival(spread.q, spread.df);
  if (squares > 0.0) spread.tau2 = excess / squares;
  return spread;
}

SlopeSpread slope_spread(const std::vector<SlopeScore>& scores, double dispersion) {
  SlopeSpread spread;
  spread.tasks = std::ssize(scores);
  double sum = 0.0, squares = 0.0, traces = 0.0;
  for (const SlopeScore& raw : scores) {
    const double t = raw.g2 / (dispersion * dispersion) - raw.trace / dispersion;
    sum += t;
    squares += t * t;
    traces += raw.trace2 / (dispersion * dispersion);
  }
  if (squares > 0.0) {
    spread.z = sum / std::sqrt(squares);
    spread.p = normal_cdf(-*spread.z);
  }
  if (traces > 0.0) spread.tau2 = sum / traces;
  return spread;
}

std::string p_text(const char* what, const std::optional<double>& p) {
  if (!p) return std::string(what) + " cannot be tested";
  char text[96];
  std::snprintf(text, sizeof text, "%s %s (p = %.2g)", what,
                *p < heterogeneity_level ? "differ" : "do not differ", *p);
  return text;
}

void advise(Heterogeneity& found) {
  const auto counts = [](const std::optional<double>& p) { return p && *p < heterogeneity_level; };
  const bool few = found.tasks < fewest_tasks_for_slopes;
  found.advice = counts(found.bias.p) ? Advice::bias : Advice::pooled;
  if (counts(found.slopes.p) && !few) found.advice = Advice::all;
  found.reason = p_text("intercepts", found.bias.p) + ", " +
                 (few ? "too few tasks (" + std::to_string(found.tasks) + ") to judge coefficients"
                      : p_text("coefficients", found.slopes.p));
}

}  // namespace

std::string_view to_string(Advice advice) {
  switch (advice) {
    case Advice::pooled:
      return "pooled";
    case Advice::bias:
      return "bias";
    case Advice::all:
      return "all";
  }
  return "";
}

bool has_heterogeneity(LossKind kind, const TaskColumns& columns) {
  return baselines::has_loss_terms(kind) && columns.targets == 1;
}

Heterogeneity heterogeneity_of(const Loss& loss, const TaskColumns& columns, const TaskSet<double>& rows,
                               std::span<const double> outputs) {
  if (!has_heterogeneity(loss.kind, columns))
    throw InvalidArgument(
        "heterogeneity: it is defined for losses bce, mse and qlike with one target, not for " +
        std::string(to_string(loss.kind)) + (columns.targets > 1 ? " with several" : ""));
  if (outputs.size() != static_cast<std::size_t>(rows.total_rows()))
    throw InvalidArgument("heterogeneity: there are " + std::to_string(outputs.size()) + " outputs for " +
                          std::to_string(rows.total_rows()) + " rows");
  Heterogeneity found;
  std::vector<InterceptScore> intercepts;
  std::vector<SlopeScore> slopes;
  std::int64_t rows_of_slopes = 0;
  for (std::size_t t = 0; t + 1 < rows.row_starts.size(); ++t) {
    const auto begin = static_cast<std::size_t>(rows.row_starts[t]),
               count = static_cast<std::size_t>(rows.row_starts[t + 1]) - begin;
    if (count == 0) continue;
    const auto inputs = static_cast<std::size_t>(columns.inputs);
    const Rows task{rows.x.subspan(begin * inputs, count * inputs), rows.y.subspan(begin, count),
                    outputs.subspan(begin, count), inputs};
    ++found.tasks;
    found.rows += static_cast<std::int64_t>(count);
    intercepts.push_back(intercept_score(loss, task));
    if (const auto own = baselines::own_intercept(loss, task.outputs, task.y)) {
      slopes.push_back(slope_score(loss, task, *own));
      rows_of_slopes += static_cast<std::int64_t>(count);
    }
  }
  if (loss.kind != LossKind::bce || loss.pos_weight != 1.0)
    found.dispersion = dispersion_of(slopes, rows_of_slopes);
  found.bias = bias_spread(intercepts, found.dispersion);
  found.slopes = slope_spread(slopes, found.dispersion);
  advise(found);
  return found;
}

}  // namespace shoal
