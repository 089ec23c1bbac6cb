// SPDX-License-Identifier: Apache-2.0
#include "report/forecast_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <shoal/loss_metrics.hpp>

#include "report/time_text.hpp"

namespace shoal::report {
namespace {

constexpr std::size_t periods_without_years = 10;

/// Numbers every value anew from 0, so that means over few of many tasks cost no more than these.
std::vector<std::int32_t> renumbered(const std::vector<std::int32_t>& values) {
  std::map<std::int32_t, std::int32_t> known;
  std::vector<std::int32_t> places;
  places.reserve(values.size());
  for (const std::int32_t value : values)
    places.push_back(known.emplace(value, static_cast<std::int32_t>(known.size())).first->second);
  return places;
}

}  // namespace

void add_losses(ForecastRows& rows) {
  OutputRows measured;
  measured.loss = rows.loss;
  measured.targets = rows.targets;
  measured.outputs = rows.outputs;
  measured.target = rows.target;
  for (ForecastLine& line : rows.lines) {
    measured.output = line.output;
    line.loss = row_losses(measured);
  }
}

const ForecastLine* model_in(const ForecastRows& rows) {
  const ForecastLine* found = nullptr;
  for (const ForecastLine& line : rows.lines)
    if (line.is_model && (!found || !found->selected)) found = &line;
  return found;
}

const ForecastLine* line_named(const ForecastRows& rows, const std::string& name) {
  for (const ForecastLine& line : rows.lines)
    if (!line.is_model && line.name == name) return &line;
  return nullptr;
}

Groups periods_of(const ForecastRows& rows) {
  Groups groups;
  if (rows.times.empty() || rows.size() == 0) return groups;
  std::vector<std::int32_t> of_time(rows.times.size());
  const std::vector<int> years = years_of(rows.times);
  if (!years.empty()) {
    groups.kind = "year";
    std::map<int, std::int32_t> places;
    for (const std::int32_t time : rows.time) places[years[static_cast<std::size_t>(time)]] = 0;
    for (auto& [year, place] : places) {
      place = static_cast<std::int32_t>(groups.names.size());
      groups.names.push_back(std::to_string(year));
    }
    for (std::size_t t = 0; t < years.size(); ++t)
      if (const auto found = places.find(years[t]); found != places.end()) of_time[t] = found->second;
  } else {
    groups.kind = "period";
    const std::size_t parts = std::min(periods_without_years, rows.times.size());
    for (std::size_t part = 0; part < parts; ++part)
      groups.names.push_back("from " + rows.times[(part * rows.times.size() + parts - 1) / parts]);
    for (std::size_t t = 0; t < of_time.size(); ++t)
      of_time[t] = static_cast<std::int32_t>(t * parts / rows.times.size());
  }
  groups.of_row.reserve(rows.size());
  for (const std::int32_t time : rows.time) groups.of_row.push_back(of_time[static_cast<std::size_t>(time)]);
  return groups;
}

std::vector<GroupMean> means_of(std::span<const double> values, std::span<const std::int32_t> group,
                                std::size_t groups) {
  std::vector<GroupMean> means(groups);
  for (std::size_t row = 0; row < group.size(); ++row) {
    if (std::isnan(values[row])) continue;
    GroupMean& mean = means[static_cast<std::size_t>(group[row])];
    ++mean.rows;
    mean.mean += values[row];
  }
  for (GroupMean& mean : means)
    mean.mean =
        mean.rows > 0 ? mean.mean / static_cast<double>(mean.rows) : std::numeric_limits<double>::quiet_NaN();
  return means;
}

std::optional<MeanComparison> compare_in(const ForecastRows& rows, const ForecastLine& line,
                                         const ForecastLine& other, const Groups& groups,
                                         std::int32_t group) {
  std::vector<double> losses, others;
  std::vector<std::int32_t> cluster;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (groups.of_row[row] != group) continue;
    losses.push_back(line.loss[row]);
    others.push_back(other.loss[row]);
    cluster.push_back(rows.by_time ? rows.time[row] : rows.task[row]);
  }
  if (losses.empty()) return std::nullopt;
  if (!rows.by_time) {
    cluster = renumbered(cluster);
    return student_comparison(means_by_time(losses, cluster), means_by_time(others, cluster));
  }
  const int lag = time_interval(losses, cluster, rows.lag).lag;
  const DieboldMariano test = diebold_mariano(losses, others, cluster, lag);
  return MeanComparison{test.mean, test.t, test.p};
}

}  // namespace shoal::report
