// SPDX-License-Identifier: Apache-2.0
// Reads predictions.csv of a backtest (docs/formats.md): targets, and what every line forecast of them.
#pragma once

#include <filesystem>

#include <shoal/run_config.hpp>

#include "report/evidence.hpp"
#include "report/forecast_rows.hpp"

namespace shoal::report {

/// The rows that have a target and a forecast of every line of `evidence.models`, for losses whose forecast
/// is one number (bce, qlike, mse, huber) with one target; no rows for others. Values at risk are
/// read where there are any. Throws DataError, naming line and column, for a column that is missing and a
/// value that is no number.
ForecastRows read_backtest_rows(const std::filesystem::path& file, const Evidence& evidence);

}  // namespace shoal::report
