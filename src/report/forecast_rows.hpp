// SPDX-License-Identifier: Apache-2.0
// ForecastRows: the rows that all lines of a table of models are measured on, with everything that a report
// adds up: targets, keys, times, outputs and losses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <shoal/loss.hpp>
#include <shoal/mean_interval.hpp>

namespace shoal::report {

struct ForecastLine {
  std::string name;  ///< "model" or a baseline's
  bool is_model = false;
  std::optional<int> steps;  ///< of the model, where all rows have the same
  bool selected = false;
  std::vector<double> output;  ///< [rows, outputs], in the user's units
  std::vector<double> loss;    ///< [rows]
};

/// Signed quantiles of a return.
struct VarLine {
  std::string model;
  double level = 0.0;
  std::vector<double> value;  ///< [rows]; NaN where there is none
};

struct ForecastRows {
  Loss loss;
  std::size_t targets = 1, outputs = 1;
  std::vector<double> target;      ///< [rows, targets]
  std::vector<std::int32_t> task;  ///< [rows], in any numbering from 0
  std::vector<std::int32_t> key;   ///< [rows], places in `keys`
  std::vector<std::int32_t> time;  ///< [rows], places in `times`; empty where there are no times
  std::vector<std::string> keys, times;
  bool by_time = false;  ///< whether times are the clusters of intervals
  int lag = 21;
  std::vector<ForecastLine> lines;
  std::vector<std::int64_t> row;  ///< [rows] of the table; only of a backtest
  std::vector<double> returns;    ///< [rows]; empty where there are none
  std::vector<VarLine> vars;

  std::size_t size() const { return task.size(); }
};

/// Computes the losses of every line from its outputs.
void add_losses(ForecastRows& rows);
/// The model's line with the selected steps, else its last one; nothing when there is none.
const ForecastLine* model_in(const ForecastRows& rows);
/// The line of a baseline, a combination or somebody's forecasts.
const ForecastLine* line_named(const ForecastRows& rows, const std::string& name);

/// A part of the rows: a year, a key.
struct Groups {
  std::vector<std::string> names;
  std::vector<std::int32_t> of_row;  ///< [rows], places in `names`
  std::string kind;                  ///< "year", "period"
};
/// Years, where the times have one; else ten periods of equally many times. Nothing without times.
Groups periods_of(const ForecastRows& rows);

struct GroupMean {
  std::int64_t rows = 0;
  double mean = 0.0;  ///< NaN of no rows
};
/// The means of the values of each group, values that are NaN left out: [groups].
std::vector<GroupMean> means_of(std::span<const double> values, std::span<const std::int32_t> group,
                                std::size_t groups);

/// Compares the losses of two lines on the rows of one group, by the clusters of the table of models.
/// Nothing for a group without rows.
std::optional<MeanComparison> compare_in(const ForecastRows& rows, const ForecastLine& line,
                                         const ForecastLine& other, const Groups& groups, std::int32_t group);

}  // namespace shoal::report
