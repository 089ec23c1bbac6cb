// SPDX-License-Identifier: Apache-2.0
// Value at risk and expected shortfall of every line of a backtest whose forecasts are variances, by filtered
// historical simulation.
#pragma once

#include <string>
#include <vector>

#include <shoal/backtest.hpp>
#include <shoal/filtered_simulation.hpp>
#include <shoal/notice.hpp>
#include <shoal/run_config.hpp>
#include <shoal/table_source.hpp>

#include "backtest/fold_outputs.hpp"
#include "run/model_metrics.hpp"

namespace shoal {

/// Whether the configuration asks for them: it names the returns, and its loss makes variances.
bool has_tails(const RunConfig& config);

struct TailLine {
  std::string name;
  bool has_shortfall = true;        ///< plain historical simulation is shown by its value at risk alone
  std::vector<TailForecast> tails;  ///< [rows, levels]
};
struct Tails {
  std::vector<double> levels;   ///< as the configuration has them
  std::vector<double> returns;  ///< [rows]; NaN where there is none
  std::vector<TailLine> lines;  ///< in the order of the lines, without those of other steps; then "hs"
};

/// The returns of all rows of the table; NaN where one is missing. Throws DataError for a column that is not
/// there, holds text, or has no value.
std::vector<double> returns_of(const RunConfig& config);

/// `returns`: of all rows of the table. `lines`: their outputs are log-variances of all rows, those before
/// the first fold too.
Tails tails_of(const RunConfig& config, const TableSource& grid, Phase phase, const FoldRows& rows,
               const std::vector<double>& returns, const std::vector<LineOutputs>& lines);

/// Every line and level on the rows that a fold forecasts and the lines have a value at risk of. A line is
/// left out, with a warning, when it has none or none of a row that the lines before it have, and when it
/// cannot be assessed.
std::vector<RiskAssessment> assess_tails(const Tails& tails, const TableSource& grid, const FoldRows& rows,
                                         const Notify& notify, std::vector<RiskLeftOut>& left_out);

}  // namespace shoal
