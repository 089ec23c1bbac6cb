// SPDX-License-Identifier: Apache-2.0
// Folds: the runs that a backtest is made of, each of which forecasts a period or a group of keys that it has
// not seen.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <shoal/run_config.hpp>
#include <shoal/table_series.hpp>
#include <shoal/table_times.hpp>

#include "backtest/refit_dates.hpp"

namespace shoal {

struct Fold {
  std::string name;        ///< of its folder
  RunConfig config;        ///< of its run, whose seed is that of the configuration
  std::string from, to;    ///< the period that it forecasts; `to` is empty at the end of the table
  std::int32_t begin = 0;  ///< ranks of that period: [begin, end)
  std::int32_t end = 0;
  std::vector<TableKey> keys;        ///< instead of a period: the group of keys that it forecasts
  std::string validated_by;          ///< the key that decides which of its tasks are for validation
  bool asks_for_validation = false;  ///< whether that key asks for any
  std::vector<std::string> told;     ///< warnings about its data that have been told
};

/// What needs no data. Throws InvalidArgument for a source that is no table, a warm start, and keys of
/// [backtest] that exclude each other.
void require_backtest(const RunConfig& config);
inline bool deals_keys(const RunConfig& config) {
  return config.backtest.folds != 0;
}

/// One fold per refit, from backtest.from (else tasks.split.test_from) on. Throws InvalidArgument where the
/// configuration has no such time, where it is no date and a date is needed, and where nothing lies before or
/// after it; DataError for a period without a row.
std::vector<Fold> time_folds(const RunConfig& config, Refit refit, const TableTimes& times);

/// The keys in the random order of the seed, dealt to backtest.folds groups in turn. Throws InvalidArgument
/// for fewer keys than groups.
std::vector<Fold> key_folds(const RunConfig& config, std::vector<TableKey> keys);

}  // namespace shoal
