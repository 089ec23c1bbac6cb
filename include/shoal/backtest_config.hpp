// SPDX-License-Identifier: Apache-2.0
// BacktestConfig: how a walk-forward backtest cuts its data into folds (docs/configuration.md).
//
// Example:
//
//   shoal::RunConfig config = shoal::load_config("market.toml");
//   config.backtest.from = "2006-01-01";
//   config.backtest.refit = shoal::Refit::quarter;
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/error.hpp>

namespace shoal {

/// How often everything is fitted anew.
enum class Refit { never, year, quarter, month };
inline constexpr Refit refits[] = {Refit::never, Refit::year, Refit::quarter, Refit::month};
/// "never", "year", "quarter", "month".
inline std::string_view to_string(Refit refit) {
  constexpr std::string_view names[] = {"never", "year", "quarter", "month"};
  return names[static_cast<int>(refit)];
}
/// Throws InvalidArgument with the list of known names.
inline Refit refit_from_string(std::string_view name) {
  for (const Refit refit : refits)
    if (name == to_string(refit)) return refit;
  throw InvalidArgument("unknown refit \"" + std::string(name) + "\"; known: never, year, quarter, month");
}

struct BacktestConfig {
  /// The first time that is forecast, and the first one that is not any more, written like the times of the
  /// table. An empty `from` is tasks.split.test_from; an empty `to` is the end of the table.
  std::string from, to;
  Refit refit = Refit::year;
  std::optional<Refit> refit_baselines;  ///< empty: as `refit`
  int window = 0;                        ///< years that a fold looks back; 0 = expanding: to the beginning
  int validation_years = 2;              ///< before a refit, for selection
  std::vector<std::int64_t> seeds;       ///< of the trainings of every fold; empty: the seed alone
  int folds = 0;  ///< above 0: so many groups of keys instead of times; -1: every key is one
  /// Rows of the table that are means of the outputs of others: their names, joined by "+".
  std::vector<std::string> combine;
  bool operator==(const BacktestConfig&) const = default;
};

/// The names in an entry of `combine`. Throws InvalidArgument unless there are at least two, all different.
std::vector<std::string> names_in_combination(const std::string& combination);

}  // namespace shoal
