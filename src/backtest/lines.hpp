// SPDX-License-Identifier: Apache-2.0
// The lines of a backtest's table: what each model says of every row, and how good that is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <shoal/loss.hpp>
#include <shoal/model_metrics.hpp>

#include "backtest/fold_outputs.hpp"
#include "run/model_metrics.hpp"

namespace shoal {

/// The mean of several outputs, element by element; NaN where one of them is.
std::vector<double> mean_of(std::span<const std::vector<double>> outputs);

/// Adds a line for every combination. Throws InvalidArgument for a name that no line has (with the nearest
/// one).
void add_combinations(std::span<const std::string> combinations, std::vector<LineOutputs>& lines);
/// Throws as add_combinations does, before there are lines. `names`: of the lines that there will be.
void require_combinations(std::span<const std::string> combinations, std::vector<std::string> names);

/// What the rows of a backtest are measured with.
struct BacktestRows {
  FoldRows rows;
  Loss loss;
  std::size_t targets = 1, outputs = 1;
  std::vector<double> target;      ///< [rows, targets], in the user's units; NaN where it is not known
  std::vector<std::int32_t> task;  ///< [rows], in any numbering from 0
  bool by_time = false;            ///< whether times are the clusters of intervals
  int lag = 0;
};

/// Places of the rows which a fold forecasts, whose targets are known, and of which every line has a
/// forecast.
std::vector<std::size_t> measured_places(const BacktestRows& rows, std::span<const LineOutputs> lines);

/// The lines on the rows at `places`, to be measured; no lines without a row.
MeasuredLines lines_at(const BacktestRows& rows, std::span<const LineOutputs> lines,
                       std::span<const std::size_t> places);

}  // namespace shoal
