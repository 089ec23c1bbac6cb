// SPDX-License-Identifier: Apache-2.0
#include "backtest/grid.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include <shoal/table_series.hpp>

#include "backtest/folds.hpp"

namespace shoal {

Grid::Grid(const RunConfig& config) : deals_keys_(deals_keys(config)), config_(config) {
  TableOptions& table = config_.tasks.table;
  if (!deals_keys_) return;
  for (const TableKey& key : read_keys(table)) table.hold_out.push_back(key.name);
}

OpenedData Grid::open(const Preprocessing& preprocessing) const {
  const TableOptions& table = config_.tasks.table;
  // Rows without targets are forecast, too, and a last window may be shorter than others.
  auto source = make_table_source(table, preprocessing, targets_of(config_.loss), TargetsNeeded::in_support,
                                  deals_keys_ ? Phases::split : Phases::all_test, config_.seed);
  OpenedData data{table.path, std::move(source)};
  data.table = dynamic_cast<const TableSource*>(data.source.get());
  data.options = table;
  return data;
}

std::vector<ForecastRow> forecast_rows(const TableSource& grid, Phase phase) {
  const std::vector<std::int64_t> ids = grid.ids(phase);
  const std::vector<std::size_t> ranks = grid.key_ranks(ids);
  struct Asked {
    std::int32_t from = 0;  ///< time of the first row that the task asks about
    ForecastRow row;
  };
  std::map<std::int64_t, Asked> by_row;
  for (std::size_t t = 0; t < ids.size(); ++t) {
    const auto rows = grid.query_rows(ids[t]);
    for (std::size_t q = 0; q < rows.size(); ++q) {
      const Asked asked{grid.time_rank(rows[0]),
                        {rows[q], ids[t], static_cast<std::int64_t>(q), grid.time_rank(rows[q]),
                         static_cast<std::int32_t>(ranks[t])}};
      const auto [at, first] = by_row.try_emplace(rows[q], asked);
      if (!first && at->second.from < asked.from) at->second = asked;
    }
  }
  std::vector<ForecastRow> result;
  result.reserve(by_row.size());
  for (const auto& [row, asked] : by_row) result.push_back(asked.row);
  std::sort(result.begin(), result.end(), [](const ForecastRow& a, const ForecastRow& b) {
    return std::tie(a.key, a.time, a.row) < std::tie(b.key, b.time, b.row);
  });
  return result;
}

}  // namespace shoal
