// SPDX-License-Identifier: Apache-2.0
// What models and baselines say of the rows that a backtest forecasts: each fold of its own rows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <shoal/baselines.hpp>
#include <shoal/context.hpp>

#include "backtest/folds.hpp"
#include "backtest/grid.hpp"
#include "run/opened_data.hpp"
#include "run/trained_model.hpp"

namespace shoal {

/// The rows of a backtest, and which fold forecasts them.
struct FoldRows {
  std::vector<ForecastRow> rows;
  std::vector<int> fold;  ///< [rows]; -1: before the first fold, whose model also forecasts its own past
};
/// `folds`: as time_folds or key_folds make them. `past`: whether rows before the first fold are kept; rows
/// behind the last one are not. Throws DataError for a fold without a row.
FoldRows rows_of_folds(const TableSource& grid, Phase phase, const std::vector<ForecastRow>& rows,
                       std::span<const Fold> folds, bool past);
/// The same rows by other folds (those of the baselines).
FoldRows by_other_folds(const FoldRows& rows, std::span<const Fold> folds);

/// Places of the rows that a fold forecasts; the first one also those before it.
std::vector<std::size_t> places_of_fold(const FoldRows& rows, int fold);

/// Outputs for some rows, in the units of the targets.
struct RowOutputs {
  std::size_t width = 0;
  std::vector<double> values;  ///< [rows, width]; NaN where a task failed
};

/// The targets of all rows, in the user's units, a class label as a number; NaN where a target is missing.
RowOutputs targets_of_rows(const OpenedData& grid, Phase phase, const FoldRows& rows);

/// A trained model's outputs for the rows at `places`, behind its gate; one entry per number of steps.
std::vector<RowOutputs> model_outputs(const Context& context, const TrainedModel& model,
                                      const OpenedData& data, Phase phase, const FoldRows& rows,
                                      std::span<const std::size_t> places, std::span<const int> steps);

/// The names that are asked for, where "auto" stands for all that are defined; none for "none". Throws
/// InvalidArgument for baselines that a backtest of this configuration cannot have.
std::vector<std::string> baselines_asked(const Context& context, const std::vector<std::string>& names,
                                         const Fold& fold, const Grid& grid);
/// The outputs of baselines for the rows of a fold, one entry per name. They learn from what the fold's run
/// learns from; those that are networks are trained with `seed`. Warns of keys that garch and gjr cannot fit.
std::vector<RowOutputs> baselines_of_fold(const Context& context, const std::vector<std::string>& names,
                                          const Fold& fold, std::int64_t seed, const Grid& grid,
                                          const FoldRows& rows, std::span<const std::size_t> places,
                                          const Notify& notify);

}  // namespace shoal
