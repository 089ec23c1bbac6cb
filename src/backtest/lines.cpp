// SPDX-License-Identifier: Apache-2.0
#include "backtest/lines.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <shoal/backtest_config.hpp>
#include <shoal/error.hpp>
#include <shoal/nearest_name.hpp>
#include <shoal/quoted_text.hpp>

namespace shoal {
namespace {

/// The line of this name; of the model's the one that is selected.
const LineOutputs* find_line(std::span<const LineOutputs> lines, const std::string& name) {
  const auto found = std::find_if(lines.begin(), lines.end(), [&](const LineOutputs& line) {
    return line.name == name && (line.selected || !line.steps);
  });
  return found == lines.end() ? nullptr : &*found;
}

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

/// Numbers from 0 for values in the order in which they occur.
class Numbering {
 public:
  std::int32_t of(std::int32_t value) {
    return numbers_.emplace(value, static_cast<std::int32_t>(numbers_.size())).first->second;
  }
  std::int64_t size() const { return std::ssize(numbers_); }

 private:
  std::map<std::int32_t, std::int32_t> numbers_;
};

}  // namespace

std::vector<double> mean_of(std::span<const std::vector<double>> outputs) {
  std::vector<double> mean = outputs[0];
  for (std::size_t i = 0; i < mean.size() && outputs.size() > 1; ++i) {
    for (std::size_t k = 1; k < outputs.size(); ++k) mean[i] += outputs[k][i];
    mean[i] /= static_cast<double>(outputs.size());
  }
  return mean;
}

void require_combinations(std::span<const std::string> combinations, std::vector<std::string> names) {
  for (const std::string& combination : combinations) {
    for (const std::string& name : names_in_combination(combination))
      if (std::find(names.begin(), names.end(), name) == names.end())
        throw InvalidArgument("backtest.combine: " + quoted_text(combination) + ": there is no line " +
                              quoted_text(name) + did_you_mean(name, names));
    if (std::find(names.begin(), names.end(), combination) != names.end())
      throw InvalidArgument("backtest.combine: the name " + quoted_text(combination) + " is taken");
    names.push_back(combination);
  }
}

void add_combinations(std::span<const std::string> combinations, std::vector<LineOutputs>& lines) {
  for (const std::string& combination : combinations) {
    const std::vector<std::string> names = names_in_combination(combination);
    std::vector<std::vector<double>> parts;
    parts.reserve(names.size());
    for (const std::string& name : names) parts.push_back(find_line(lines, name)->outputs);
    lines.push_back({combination, std::nullopt, false, mean_of(parts)});
  }
}

std::vector<std::size_t> measured_places(const BacktestRows& rows, std::span<const LineOutputs> lines) {
  std::vector<std::size_t> places;
  for (std::size_t place = 0; place < rows.rows.rows.size(); ++place) {
    if (rows.rows.fold[place] < 0) continue;
    const bool known = all_finite(std::span(rows.target).subspan(place * rows.targets, rows.targets));
    if (known && std::all_of(lines.begin(), lines.end(), [&](const LineOutputs& line) {
          return all_finite(std::span(line.outputs).subspan(place * rows.outputs, rows.outputs));
        }))
      places.push_back(place);
  }
  return places;
}

MeasuredLines lines_at(const BacktestRows& rows, std::span<const LineOutputs> lines,
                       std::span<const std::size_t> places) {
  MeasuredLines result;
  if (places.empty()) return result;
  MeasuredRows& measured = result.rows;
  measured.rows.loss = rows.loss;
  measured.rows.targets = rows.targets;
  measured.rows.outputs = rows.outputs;
  measured.by_time = rows.by_time;
  measured.lag = rows.lag;
  const auto copy = [&](const std::vector<double>& from, std::size_t width) {
    std::vector<double> values;
    values.reserve(places.size() * width);
    for (const std::size_t place : places)
      for (std::size_t i = 0; i < width; ++i) values.push_back(from[place * width + i]);
    return values;
  };
  measured.rows.target = copy(rows.target, rows.targets);
  Numbering tasks, keys;
  for (const std::size_t place : places) {
    const ForecastRow& row = rows.rows.rows[place];
    measured.task.push_back(tasks.of(rows.task[place]));
    measured.key.push_back(keys.of(row.key));
    measured.row.push_back(static_cast<std::int32_t>(row.row));
    if (rows.by_time) measured.time.push_back(row.time);
  }
  measured.tasks = tasks.size();
  measured.keys = keys.size();
  result.lines.reserve(lines.size());
  for (const LineOutputs& line : lines)
    result.lines.push_back({line.name, line.steps, line.selected, copy(line.outputs, rows.outputs)});
  return result;
}

}  // namespace shoal
