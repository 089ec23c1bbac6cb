// SPDX-License-Identifier: Apache-2.0
// predictions.csv of a backtest: every row once, with what each line of the table says of it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "backtest/fold_outputs.hpp"
#include "backtest/tails.hpp"
#include "run/model_metrics.hpp"
#include "run/opened_data.hpp"
#include "run/trained_model.hpp"

namespace shoal {

struct BacktestPredictions {
  const OpenedData& grid;
  const TrainedModel& model;  ///< its configuration and preprocessing name the columns
  Phase phase;
  const FoldRows& rows;
  std::vector<std::string> fold_names;
  std::vector<std::string> fold_steps;  ///< a number, empty where the seeds of the fold differ in it
  std::size_t width;                    ///< outputs of the network
  const std::vector<LineOutputs>& lines;
  const Tails* tails;  ///< null: there are none
};

/// Writes the rows that a fold forecasts, in order of key, time and row, crash-safely.
void write_backtest_predictions(const std::filesystem::path& file, const BacktestPredictions& predictions);

}  // namespace shoal
