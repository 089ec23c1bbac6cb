// SPDX-License-Identifier: Apache-2.0
#include "report/stability.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include <shoal/population_stability.hpp>

#include "run/meta_train_rows.hpp"

namespace shoal::report {
namespace {

std::vector<double> finite_column(std::span<const double> values, std::size_t width, std::size_t column) {
  std::vector<double> finite;
  finite.reserve(values.size() / width);
  for (std::size_t at = column; at < values.size(); at += width)
    if (std::isfinite(values[at])) finite.push_back(values[at]);
  return finite;
}

std::vector<std::string> names_of_inputs(const OpenedData& data) {
  if (data.table) return data.table->preprocessing().inputs;
  std::vector<std::string> names;
  for (int i = 0; i < data.source->columns().inputs; ++i) names.push_back("input " + std::to_string(i));
  return names;
}

}  // namespace

std::vector<double> inputs_of_query(const OpenedData& data, const TaskBatch64& tasks) {
  const auto width = static_cast<std::size_t>(tasks.columns().inputs);
  const TaskSet<double>& query = tasks.query();
  std::vector<double> values;
  std::unordered_set<std::int32_t> seen;
  for (std::size_t t = 0; t < tasks.ids().size(); ++t) {
    const auto begin = static_cast<std::size_t>(query.row_starts[t]);
    const auto end = static_cast<std::size_t>(query.row_starts[t + 1]);
    for (std::size_t row = begin; row < end; ++row) {
      if (data.table && !seen.insert(data.table->query_rows(tasks.ids()[t])[row - begin]).second) continue;
      const auto part = query.x.subspan(row * width, width);
      values.insert(values.end(), part.begin(), part.end());
    }
  }
  return values;
}

std::vector<Drift> drifts(std::span<const std::string> names, std::span<const double> then,
                          std::span<const double> now) {
  std::vector<Drift> result;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::vector<double> before = finite_column(then, names.size(), i);
    const std::vector<double> after = finite_column(now, names.size(), i);
    if (!before.empty() && !after.empty())
      result.push_back({names[i], population_stability_index(before, after)});
  }
  return result;
}

StabilityFacts feature_stability(const OpenedData& data, const TaskBatch64& tasks, std::int64_t generated) {
  StabilityFacts facts;
  const std::vector<std::string> names = names_of_inputs(data);
  const MetaTrainRows train = meta_train_rows(*data.source, generated);
  const std::vector<double> now = inputs_of_query(data, tasks);
  facts.features = drifts(names, train.rows.x, now);
  facts.then = train.rows.row_starts.back();
  facts.now = static_cast<std::int64_t>(now.size() / names.size());
  return facts;
}

}  // namespace shoal::report
