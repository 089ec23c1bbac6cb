// SPDX-License-Identifier: Apache-2.0
#include <shoal/assessment.hpp>

#include <algorithm>
#include <span>

#include <shoal/error.hpp>
#include <shoal/forecast_metrics.hpp>

#include "core/float_environment.hpp"
#include "core/name_table.hpp"
#include "risk/forecast_checks.hpp"

namespace shoal {
namespace {

constexpr std::pair<ForecastKind, std::string_view> kind_names[] = {
    {ForecastKind::probability, "probability"},
    {ForecastKind::variance, "variance"},
    {ForecastKind::value_at_risk, "var"}};

/// The rows of every key, in the order of the table.
std::vector<std::vector<std::size_t>> rows_by_key(const ForecastTable& table) {
  std::vector<std::vector<std::size_t>> rows(table.keys.size());
  for (std::size_t row = 0; row < table.key.size(); ++row)
    rows[static_cast<std::size_t>(table.key[row])].push_back(row);
  return rows;
}

std::vector<double> values_of(const std::vector<double>& column, std::span<const std::size_t> rows) {
  std::vector<double> values;
  if (column.empty()) return values;
  values.reserve(rows.size());
  for (const std::size_t row : rows) values.push_back(column[row]);
  return values;
}

/// Calls `metrics_of` with the rows of every key that has some.
template <class Metrics, class MetricsOf>
std::vector<KeyMetrics<Metrics>> by_key(const ForecastTable& table, MetricsOf metrics_of) {
  std::vector<KeyMetrics<Metrics>> keys;
  const auto rows = rows_by_key(table);
  keys.reserve(rows.size());
  for (std::size_t key = 0; key < rows.size(); ++key)
    if (!rows[key].empty()) keys.emplace_back(table.keys[key], metrics_of(rows[key]));
  return keys;
}

ProbabilityAssessment assess_probabilities(const ForecastTable& table) {
  ProbabilityAssessment result;
  result.all = classification_metrics(table.target, table.forecast);
  if (table.key.empty()) return result;
  result.keys = by_key<ClassificationMetrics>(table, [&](const std::vector<std::size_t>& rows) {
    return classification_metrics(values_of(table.target, rows), values_of(table.forecast, rows));
  });
  std::vector<ClassificationMetrics> groups;
  groups.reserve(result.keys.size());
  for (const auto& [key, metrics] : result.keys) groups.push_back(metrics);
  result.macro = macro_metrics(groups);
  return result;
}

VarianceAssessment assess_variances(const ForecastTable& table, std::optional<double> floor) {
  VarianceAssessment result;
  result.all = {std::ssize(table.target), qlike(table.target, table.forecast, floor)};
  if (table.key.empty()) return result;
  result.keys = by_key<VarianceMetrics>(table, [&](const std::vector<std::size_t>& rows) {
    return VarianceMetrics{std::ssize(rows),
                           qlike(values_of(table.target, rows), values_of(table.forecast, rows), floor)};
  });
  double sum = 0.0;
  for (const auto& [key, metrics] : result.keys) sum += metrics.qlike;
  result.macro_qlike = sum / static_cast<double>(result.keys.size());
  return result;
}

VarAssessment assess_values_at_risk(const ForecastTable& table, double level) {
  const auto metrics_of = [&](std::vector<std::size_t> rows) {
    if (!table.time.empty())
      std::stable_sort(rows.begin(), rows.end(),
                       [&](std::size_t a, std::size_t b) { return table.time[a] < table.time[b]; });
    return var_metrics(values_of(table.target, rows), values_of(table.forecast, rows), level,
                       values_of(table.shortfall, rows));
  };
  VarAssessment result;
  if (table.key.empty()) {
    std::vector<std::size_t> rows(table.target.size());
    for (std::size_t row = 0; row < rows.size(); ++row) rows[row] = row;
    result.keys.emplace_back("", metrics_of(rows));
  } else {
    result.keys = by_key<VarMetrics>(table, metrics_of);
  }
  constexpr double significance = 0.05;
  for (const auto& [key, metrics] : result.keys) {
    result.rows += metrics.rows;
    result.exceedances += metrics.exceedances;
    result.kupiec_passes += metrics.kupiec.p >= significance;
    result.conditional_coverage_passes += metrics.conditional_coverage.p >= significance;
  }
  for (std::size_t row = 0; row < table.target.size(); ++row)
    result.tick += tick_term(table.target[row], table.forecast[row], level);
  result.rate = static_cast<double>(result.exceedances) / static_cast<double>(result.rows);
  result.tick /= static_cast<double>(result.rows);
  return result;
}

std::vector<double> losses_of(const ForecastTable& table, const std::vector<double>& forecast,
                              const AssessmentOptions& options) {
  std::vector<double> losses;
  losses.reserve(forecast.size());
  for (std::size_t row = 0; row < forecast.size(); ++row) {
    const double y = table.target[row], f = forecast[row];
    switch (options.kind) {
      case ForecastKind::probability:
        losses.push_back(log_loss_term(y, f));
        break;
      case ForecastKind::variance:
        losses.push_back(qlike_term(options.floor ? std::max(y, *options.floor) : y, f));
        break;
      case ForecastKind::value_at_risk:
        losses.push_back(tick_term(y, f, options.level));
        break;
    }
  }
  return losses;
}

}  // namespace

std::string_view to_string(ForecastKind kind) {
  return name_in<ForecastKind>(kind_names, kind);
}

ForecastKind forecast_kind_from_string(std::string_view name) {
  return value_in<ForecastKind>(kind_names, "kind of forecast", name);
}

Assessment assess(const ForecastTable& table, const AssessmentOptions& options) {
  const FloatEnvironment environment;
  check_forecasts(table, options);
  Assessment result;
  result.kind = options.kind;
  result.keyed = !table.key.empty();
  result.left_out = table.left_out;
  switch (options.kind) {
    case ForecastKind::probability:
      result.metrics = assess_probabilities(table);
      break;
    case ForecastKind::variance:
      result.metrics = assess_variances(table, options.floor);
      break;
    case ForecastKind::value_at_risk:
      result.metrics = assess_values_at_risk(table, options.level);
      break;
  }
  if (!table.against.empty())
    result.dm = diebold_mariano(losses_of(table, table.forecast, options),
                                losses_of(table, table.against, options), table.time, options.lag);
  return result;
}

}  // namespace shoal
