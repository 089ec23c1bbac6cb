// SPDX-License-Identifier: Apache-2.0
#include "run/model_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include <shoal/counted.hpp>
#include <shoal/error.hpp>

namespace shoal {
namespace {

constexpr std::int64_t most_groups = 1000;

std::string in_words(const MeasuredRows& measured, const MeanInterval& loss) {
  if (measured.by_time)
    return "95 %, Newey-West over " + counted(loss.count, "time", "times") + ", lag " +
           std::to_string(loss.lag);
  return "95 %, Student's t over " + counted(loss.count, "task", "tasks");
}

ModelMetrics measure_line(const MeasuredRows& measured, LineOutputs& outputs, std::vector<double>& losses) {
  ModelMetrics line;
  line.name = outputs.name;
  line.steps = outputs.steps;
  line.selected = outputs.selected;
  line.tasks = measured.tasks;
  line.rows = static_cast<std::int64_t>(measured.rows.rows());
  line.keys = measured.keys;
  line.metrics = loss_metrics(measured.rows);
  line.macro = macro_values(measured.rows, measured.key);
  losses = row_losses(measured.rows);
  line.loss = measured.by_time ? time_interval(losses, measured.time, measured.lag)
                               : student_interval(means_by_time(losses, measured.task));
  line.interval = in_words(measured, line.loss);
  return line;
}

/// The comparison of two lines by the losses of their rows.
ModelComparison compare_lines(const MeasuredRows& measured, const std::string& other,
                              std::span<const double> losses, std::span<const double> other_losses) {
  if (!measured.by_time)
    return {other, student_comparison(means_by_time(losses, measured.task),
                                      means_by_time(other_losses, measured.task))};
  const int lag = time_interval(losses, measured.time, measured.lag).lag;
  const DieboldMariano test = diebold_mariano(losses, other_losses, measured.time, lag);
  return {other, {.mean = test.mean, .t = test.t, .p = test.p}};
}

/// The rows at these places; `width`: values a row.
template <class Value>
std::vector<Value> at_places(const std::vector<Value>& values, std::span<const std::size_t> places,
                             std::size_t width = 1) {
  std::vector<Value> chosen;
  if (values.empty()) return chosen;
  chosen.reserve(places.size() * width);
  for (const std::size_t place : places) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(place * width);
    chosen.insert(chosen.end(), begin, begin + static_cast<std::ptrdiff_t>(width));
  }
  return chosen;
}

std::int64_t different(const std::vector<std::int32_t>& numbers) {
  return std::ssize(std::set<std::int32_t>(numbers.begin(), numbers.end()));
}

MeasuredRows rows_at(const MeasuredRows& measured, std::span<const std::size_t> places) {
  MeasuredRows some;
  some.rows.loss = measured.rows.loss;
  some.rows.targets = measured.rows.targets;
  some.rows.outputs = measured.rows.outputs;
  some.rows.target = at_places(measured.rows.target, places, measured.rows.targets);
  some.task = at_places(measured.task, places);
  some.key = at_places(measured.key, places);
  some.time = at_places(measured.time, places);
  some.row = at_places(measured.row, places);
  some.tasks = different(some.task);
  some.keys = different(some.key);
  some.by_time = measured.by_time;
  some.lag = measured.lag;
  return some;
}

}  // namespace

bool clusters_by_time(const RunConfig& config, const OpenedData& data) {
  const bool has_times = data.table && !config.tasks.table.time.empty();
  if (config.evaluate.cluster == Cluster::time && !has_times)
    throw InvalidArgument("evaluate.cluster = \"time\" needs a table with a column of times (tasks.time)");
  if (config.evaluate.cluster == Cluster::automatic)
    return has_times && config.tasks.table.split.by == "time";
  return config.evaluate.cluster == Cluster::time;
}

std::vector<std::int32_t> numbers_of_keys(const OpenedData& data, std::span<const std::int64_t> ids) {
  std::vector<std::int32_t> places;
  places.reserve(ids.size());
  std::map<std::vector<std::string>, std::int32_t> known;
  for (const std::int64_t id : ids) {
    const std::vector<std::string> key =
        data.table ? data.table->key_values(id) : std::vector<std::string>{std::to_string(id)};
    places.push_back(known.emplace(key, static_cast<std::int32_t>(known.size())).first->second);
  }
  return places;
}

std::vector<ModelMetrics> measure_lines(MeasuredRows measured, std::vector<LineOutputs> lines) {
  std::vector<ModelMetrics> models;
  if (lines.empty()) return models;
  std::vector<std::vector<double>> losses(lines.size());
  std::size_t chosen = 0;  // the selected steps; the last ones where none is
  for (std::size_t i = 0; i < lines.size(); ++i) {
    measured.rows.output = std::move(lines[i].outputs);
    models.push_back(measure_line(measured, lines[i], losses[i]));
    if (models[i].steps && !models[chosen].selected) chosen = i;
  }
  const auto compare = [&](std::size_t i, std::size_t other, const std::string& name) {
    models[i].against.push_back(compare_lines(measured, name, losses[i], losses[other]));
  };
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (!models[i].steps) {
      compare(i, chosen, "model");
      continue;
    }
    if (i > 0) compare(i, 0, name_with_steps(models[0]));
    for (std::size_t other = 0; i == chosen && other < models.size(); ++other)
      if (!models[other].steps) compare(i, other, models[other].name);
  }
  return models;
}

std::vector<GroupMetrics> measure_groups(const MeasuredRows& measured, const std::vector<LineOutputs>& lines,
                                         const MeasuredGroups& groups) {
  std::vector<std::vector<std::size_t>> places(groups.names.size());
  for (std::size_t row = 0; row < groups.of_row.size(); ++row)
    if (groups.of_row[row] >= 0) places[static_cast<std::size_t>(groups.of_row[row])].push_back(row);
  const auto count = std::count_if(places.begin(), places.end(), [](const auto& of) { return !of.empty(); });
  if (count > most_groups)
    throw DataError("--by " + groups.by + ": the rows are in " + std::to_string(count) +
                    " groups, more than " + std::to_string(most_groups));
  std::vector<GroupMetrics> result;
  if (lines.empty()) return result;
  for (std::size_t group = 0; group < places.size(); ++group) {
    if (places[group].empty()) continue;
    std::vector<LineOutputs> of_group;
    of_group.reserve(lines.size());
    for (const LineOutputs& line : lines)
      of_group.push_back({line.name, line.steps, line.selected,
                          at_places(line.outputs, places[group], measured.rows.outputs)});
    result.push_back({groups.by, groups.names[group],
                      measure_lines(rows_at(measured, places[group]), std::move(of_group))});
  }
  return result;
}

std::string name_with_steps(const ModelMetrics& line) {
  return line.steps ? line.name + ", " + std::to_string(*line.steps) + " steps" : line.name;
}

std::vector<std::int64_t> in_all(const std::vector<BaselineOutputs>& baselines,
                                 std::vector<std::int64_t> places, std::span<const std::int64_t> row_starts) {
  for (const BaselineOutputs& baseline : baselines)
    std::erase_if(places, [&](std::int64_t place) {
      const std::int64_t one[] = {place};
      const std::vector<double> outputs = outputs_of(baseline, one, row_starts);
      return std::any_of(outputs.begin(), outputs.end(), [](double value) { return std::isnan(value); });
    });
  return places;
}

std::vector<double> outputs_of(const BaselineOutputs& baseline, std::span<const std::int64_t> places,
                               std::span<const std::int64_t> row_starts) {
  const std::size_t rows = static_cast<std::size_t>(row_starts.back());
  const auto width = static_cast<std::ptrdiff_t>(baseline.outputs.size() / rows);
  std::vector<double> outputs;
  for (const std::int64_t place : places) {
    const auto at = static_cast<std::size_t>(place);
    outputs.insert(outputs.end(), baseline.outputs.begin() + row_starts[at] * width,
                   baseline.outputs.begin() + row_starts[at + 1] * width);
  }
  return outputs;
}

}  // namespace shoal
