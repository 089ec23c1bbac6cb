// SPDX-License-Identifier: Apache-2.0
#include <shoal/loss_metrics.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include <shoal/error.hpp>
#include <shoal/responses.hpp>

#include "core/float_environment.hpp"
#include "core/row_losses.hpp"
#include "risk/require_rows.hpp"

namespace shoal {
namespace {

using Row = std::span<const double>;

std::string number_text(double value) {
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  return {digits, end};
}

Row row_of(const std::vector<double>& values, std::size_t width, std::size_t row) {
  return Row(values).subspan(row * width, width);
}

void require_sizes(const OutputRows& rows) {
  if (rows.targets == 0 || rows.outputs == 0 || rows.target.size() % rows.targets != 0)
    throw InvalidArgument("loss_metrics: targets do not make whole rows");
  require_rows("loss_metrics", rows.rows() * rows.outputs, rows.output.size());
  const auto outputs = static_cast<int>(rows.outputs);
  rows.loss.validate(outputs);
  const std::size_t targets =
      rows.loss.has_labels() ? 1 : static_cast<std::size_t>(rows.loss.targets_for(outputs));
  if (targets != rows.targets)
    throw InvalidArgument("loss_metrics: " + std::to_string(rows.outputs) + " outputs of loss " +
                          std::string(to_string(rows.loss.kind)) + " go with " + std::to_string(targets) +
                          " targets, not " + std::to_string(rows.targets));
  if (rows.loss.has_labels())
    for (const double label : rows.target)
      if (!(label >= 0.0 && label < static_cast<double>(rows.outputs)))
        throw InvalidArgument("loss_metrics: " + number_text(label) + " is none of " +
                              std::to_string(rows.outputs) + " classes");
}

/// What the outputs mean, [rows, columns]: by this, and not by its name, a loss has its metrics.
struct Meaning {
  Responses responses;
  std::vector<double> values;

  explicit Meaning(const OutputRows& rows)
      : responses(rows.loss, static_cast<int>(rows.outputs)),
        values(rows.rows() * responses.columns().size()) {
    responses.of_rows<double>(rows.output, values, static_cast<std::int64_t>(rows.rows()));
  }
  /// Every `stride`-th value from the first on.
  std::vector<double> every(std::size_t stride, std::size_t first) const {
    std::vector<double> some;
    some.reserve(values.size() / stride);
    for (std::size_t i = first; i < values.size(); i += stride) some.push_back(values[i]);
    return some;
  }
};

NormalCoverage coverage_of(const OutputRows& rows, const Meaning& meaning) {
  std::vector<double> variance = meaning.every(2, 1);
  for (double& v : variance)  // exp of a log-variance that is far out
    v = std::clamp(v, std::numeric_limits<double>::min(), std::numeric_limits<double>::max());
  return normal_coverage(rows.target, meaning.every(2, 0), variance);
}

ClassMetrics classes_of(const OutputRows& rows, const Meaning& meaning) {
  std::vector<std::int64_t> label;
  label.reserve(rows.target.size());
  for (const double y : rows.target) label.push_back(static_cast<std::int64_t>(y));
  std::vector<double> probability;
  probability.reserve(rows.output.size());
  for (std::size_t i = 0; i < meaning.values.size(); ++i)  // a row's first is its label
    if (i % (rows.outputs + 1) != 0) probability.push_back(meaning.values[i]);
  return class_metrics(label, probability, rows.outputs);
}

VarianceMetrics variance_metrics(const OutputRows& rows) {
  // By the loss itself: exp of a log-variance that is far out is no number.
  const std::vector<double> losses = row_losses(rows);
  return {std::ssize(losses),
          std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size())};
}

/// The rows of every group that has some.
std::vector<OutputRows> groups_of(const OutputRows& rows, std::span<const std::int32_t> group) {
  std::vector<OutputRows> groups;
  for (std::size_t row = 0; row < group.size(); ++row) {
    const auto place = static_cast<std::size_t>(group[row]);
    if (place >= groups.size()) groups.resize(place + 1, {rows.loss, rows.targets, rows.outputs, {}, {}});
    const Row y = row_of(rows.target, rows.targets, row), o = row_of(rows.output, rows.outputs, row);
    groups[place].target.insert(groups[place].target.end(), y.begin(), y.end());
    groups[place].output.insert(groups[place].output.end(), o.begin(), o.end());
  }
  std::erase_if(groups, [](const OutputRows& one) { return one.target.empty(); });
  return groups;
}

std::vector<NamedValue> values_of(const RegressionMetrics& m) {
  return {{"rmse", m.rmse}, {"mae", m.mae}, {"r2", m.r2}};
}
std::vector<NamedValue> values_of(const ClassificationMetrics& m) {
  return {{"log_loss", m.log_loss}, {"brier", m.brier}, {"auc", m.auc},
          {"gini", m.gini},         {"ks", m.ks},       {"ece", m.ece}};
}
std::vector<NamedValue> values_of(const VarianceMetrics& m) {
  return {{"qlike", m.qlike}};
}
std::vector<NamedValue> values_of(const NormalCoverage& m) {
  return {{"coverage_50", m.central_50}, {"coverage_80", m.central_80}, {"coverage_95", m.central_95}};
}
std::vector<NamedValue> values_of(const QuantileMetrics& m) {
  std::vector<NamedValue> values;
  for (const QuantileLevelMetrics& level : m.levels) {
    values.emplace_back("coverage_" + number_text(level.level), level.coverage);
    values.emplace_back("tick_" + number_text(level.level), level.tick);
  }
  values.emplace_back("crossing", m.crossing);
  return values;
}
std::vector<NamedValue> values_of(const ClassMetrics& m) {
  return {{"log_loss", m.log_loss}, {"accuracy", m.accuracy}};
}

}  // namespace

LossMetrics loss_metrics(const OutputRows& rows) {
  const FloatEnvironment environment;
  require_sizes(rows);
  const Meaning meaning(rows);
  switch (meaning.responses.columns().front().kind) {
    case ResponseKind::prediction:
      return regression_metrics(rows.target, meaning.values);
    case ResponseKind::probability:
      return classification_metrics(rows.target, meaning.values);
    case ResponseKind::variance:
      return variance_metrics(rows);
    case ResponseKind::mean:
      return coverage_of(rows, meaning);
    case ResponseKind::quantile:  // target by target: every target is a row of its own
      return quantile_metrics(rows.target, meaning.values, rows.loss.quantiles);
    case ResponseKind::label:
      return classes_of(rows, meaning);
  }
  throw InvalidArgument("loss_metrics: outputs without a meaning");
}

std::vector<double> row_losses(const OutputRows& rows) {
  const FloatEnvironment environment;
  require_sizes(rows);
  return row_losses(rows.loss, static_cast<int>(rows.targets), static_cast<int>(rows.outputs), rows.target,
                    rows.output);
}

std::vector<NamedValue> named_values(const LossMetrics& metrics) {
  return std::visit([](const auto& m) { return values_of(m); }, metrics);
}

std::vector<NamedValue> macro_values(const OutputRows& rows, std::span<const std::int32_t> group) {
  require_sizes(rows);
  require_rows("macro_values", rows.rows(), group.size());
  std::vector<NamedValue> macro;
  std::vector<std::int64_t> defined;
  for (const OutputRows& one : groups_of(rows, group)) {
    const std::vector<NamedValue> values = named_values(loss_metrics(one));
    macro.resize(values.size());
    defined.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      macro[i].first = values[i].first;
      if (!values[i].second) continue;
      macro[i].second = macro[i].second.value_or(0.0) + *values[i].second;
      ++defined[i];
    }
  }
  for (std::size_t i = 0; i < macro.size(); ++i)
    if (macro[i].second) *macro[i].second /= static_cast<double>(defined[i]);
  return macro;
}

}  // namespace shoal
