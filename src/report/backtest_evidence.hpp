// SPDX-License-Identifier: Apache-2.0
// The evidence of a backtest: backtest.json and predictions.csv of its folder, and the data of its last fold.
#pragma once

#include <filesystem>
#include <vector>

#include "report/evidence.hpp"
#include "run/opened_run.hpp"

namespace shoal::report {

/// Whether a path is a folder with a backtest.json.
bool is_backtest(const std::filesystem::path& path);
/// The files of a backtest that a report reads, except for those of its folds.
std::vector<std::filesystem::path> files_of_backtest(const std::filesystem::path& folder);

/// Throws DataError, naming file and field, for a backtest.json or predictions.csv that lacks what
/// docs/formats.md says, and ResourceError when they cannot be read.
Evidence evidence_of_backtest(const std::filesystem::path& folder, const RunOptions& options);

}  // namespace shoal::report
