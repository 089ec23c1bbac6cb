// SPDX-License-Identifier: Apache-2.0
// GARCH forecasts of a table's rows: one fit a key, on its returns before a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <shoal/baselines.hpp>
#include <shoal/garch.hpp>
#include <shoal/notice.hpp>
#include <shoal/run_config.hpp>
#include <shoal/table_series.hpp>

namespace shoal {

struct GarchForecasts {
  TableSeries series;
  std::vector<std::optional<GarchFit>> fits;   ///< by key of the series; none of an unfitted one
  std::vector<UnfittedKey> unfitted;           ///< their variances are NaN
  std::vector<std::vector<double>> past;       ///< by key: of every row before the boundary, in sample
  std::vector<std::vector<double>> variances;  ///< by key: of every row from the boundary on

  /// Warns of the unfitted keys, if there are any. `name`: of the baseline.
  void tell_unfitted(const std::string& name, const Notify& notify) const;
  /// By row of the table, of every row that is forecast.
  std::map<std::int64_t, double> by_row() const;
  /// By row of the table, of every row before the boundary.
  std::map<std::int64_t, double> past_by_row() const;
};

/// `until`: the first time that is forecast; empty: tasks.split.test_from. Throws InvalidArgument without
/// risk.return, a table, a time or a boundary, and DataError where no key can be fitted.
GarchForecasts garch_forecasts(GarchKind kind, const RunConfig& config, const std::string& until);

}  // namespace shoal
