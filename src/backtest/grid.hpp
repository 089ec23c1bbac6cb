// SPDX-License-Identifier: Apache-2.0
// The grid: how a table is cut into the tasks that a backtest forecasts. It is the same for every fold,
// whatever a fold's model has learned of the table.
#pragma once

#include <cstdint>
#include <vector>

#include <shoal/run_config.hpp>
#include <shoal/table_source.hpp>

#include "run/opened_data.hpp"

namespace shoal {

/// Every window of the table; or, where keys are dealt, the task of every key as if it were held out.
class Grid {
 public:
  /// `config`: of the backtest. Where keys are dealt, reads them.
  explicit Grid(const RunConfig& config);

  /// The phase that all tasks of the grid have.
  Phase phase() const { return deals_keys_ ? Phase::held_out : Phase::test; }
  const RunConfig& config() const { return config_; }
  /// Opens the table with what a fold has learned of it.
  OpenedData open(const Preprocessing& preprocessing) const;

 private:
  bool deals_keys_;
  RunConfig config_;  ///< its table has the options of the grid
};

/// A row that is forecast: the query row of a task.
struct ForecastRow {
  std::int64_t row = 0;    ///< of the table
  std::int64_t task = 0;   ///< its id
  std::int64_t query = 0;  ///< the place among the task's query rows
  std::int32_t time = 0;   ///< its rank
  std::int32_t key = 0;    ///< the rank of its key
};

/// Every query row of the grid once: that of the latest of the tasks which ask about it. In order of key,
/// time and row.
std::vector<ForecastRow> forecast_rows(const TableSource& grid, Phase phase);

}  // namespace shoal
