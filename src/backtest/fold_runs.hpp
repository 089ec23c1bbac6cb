// SPDX-License-Identifier: Apache-2.0
// The trainings of a backtest: an ordinary run per fold and seed in the folder of the backtest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <shoal/backtest.hpp>

#include "backtest/folds.hpp"
#include "run/trained_model.hpp"

namespace shoal {

/// The seeds of every fold: backtest.seeds, else the seed of the configuration.
std::vector<std::int64_t> seeds_of(const RunConfig& config);
/// The configuration of one training of a fold.
RunConfig run_config_of(const Fold& fold, std::int64_t seed);
/// BT/folds/FOLD/seed-S.
std::filesystem::path folder_of_run(const std::filesystem::path& folder, const Fold& fold, std::int64_t seed);

/// Refuses a folder that holds a run, or that holds a backtest which shall not be gone on with
/// (InvalidArgument); and what is there and is no folder (ResourceError).
void require_free_folder(const std::filesystem::path& folder, StartFrom start);

/// Trains what is not trained yet. False when options.stop ended it. Throws what train_run throws, and
/// ModelError when a fold was trained with another configuration or on other data.
bool train_folds(const std::filesystem::path& folder, const std::vector<Fold>& folds,
                 const std::vector<std::int64_t>& seeds, const BacktestOptions& options);

}  // namespace shoal
