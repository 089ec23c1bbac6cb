// SPDX-License-Identifier: Apache-2.0
#include "backtest/tails.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/forecast_table.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/responses.hpp>
#include <shoal/table_series.hpp>

namespace shoal {
namespace {

constexpr int window_of_hs = 250;  // days of plain historical simulation
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// [begin, end) of the rows of every key; they are in order of time.
std::vector<std::pair<std::size_t, std::size_t>> spans_of_keys(const FoldRows& rows) {
  std::vector<std::pair<std::size_t, std::size_t>> spans;
  for (std::size_t begin = 0, end = 0; begin < rows.rows.size(); begin = end) {
    while (end < rows.rows.size() && rows.rows[end].key == rows.rows[begin].key) ++end;
    spans.emplace_back(begin, end);
  }
  return spans;
}

std::vector<TailForecast> filtered(const RiskConfig& risk, const FoldRows& rows,
                                   const std::vector<double>& returns,
                                   const std::vector<double>& log_variances) {
  std::vector<double> variances(log_variances.size(), nan);
  const Responses responses({.kind = LossKind::qlike}, 1);
  responses.of_rows<double>(log_variances, variances, std::ssize(log_variances));
  for (double& variance : variances)
    if (!std::isfinite(variance) || variance <= 0.0) variance = nan;
  std::vector<TailForecast> tails;
  tails.reserve(returns.size() * risk.levels.size());
  for (const auto& [begin, end] : spans_of_keys(rows)) {
    const auto of_key =
        filtered_simulation(std::span(returns).subspan(begin, end - begin),
                            std::span(variances).subspan(begin, end - begin), risk.levels, risk.residuals);
    tails.insert(tails.end(), of_key.begin(), of_key.end());
  }
  return tails;
}

/// From every row of the key that the grid knows, those that tasks only adapt on too.
std::vector<TailForecast> historical(const RiskConfig& risk, const TableSource& grid, Phase phase,
                                     const FoldRows& rows, const std::vector<double>& return_of_row) {
  const std::vector<std::int64_t> ids = grid.ids(phase);
  const std::vector<std::size_t> ranks = grid.key_ranks(ids);
  std::map<std::size_t, std::map<std::int32_t, std::int64_t>> rows_of_key;  // by time
  for (std::size_t t = 0; t < ids.size(); ++t)
    for (const auto side : {grid.support_rows(ids[t]), grid.query_rows(ids[t])})
      for (const std::int32_t row : side) rows_of_key[ranks[t]][grid.time_rank(row)] = row;
  std::map<std::int64_t, std::vector<TailForecast>> by_row;
  for (const auto& [key, of_key] : rows_of_key) {
    std::vector<double> returns;
    returns.reserve(of_key.size());
    for (const auto& [time, row] : of_key) returns.push_back(return_of_row[static_cast<std::size_t>(row)]);
    const auto tails = historical_simulation(returns, risk.levels, window_of_hs);
    auto at = tails.begin();
    for (const auto& [time, row] : of_key) {
      by_row[row] = {at, at + std::ssize(risk.levels)};
      at += std::ssize(risk.levels);
    }
  }
  std::vector<TailForecast> tails;
  for (const ForecastRow& row : rows.rows) {
    const std::vector<TailForecast>& of_row = by_row.at(row.row);
    tails.insert(tails.end(), of_row.begin(), of_row.end());
  }
  return tails;
}

/// The lines of one level that have rows in common, and the places of these rows.
struct SharedRows {
  std::vector<std::size_t> places;
  std::vector<const TailLine*> lines;
  std::vector<RiskLeftOut> left_out;
};

/// A file that begins later, or ends earlier, than the model's forecasts must not take every line's rows
/// away: what shares no row with the lines before it is left out.
SharedRows shared_rows(const Tails& tails, const FoldRows& rows, std::size_t level) {
  SharedRows shared;
  for (std::size_t place = 0; place < tails.returns.size(); ++place)
    if (rows.fold[place] >= 0 && std::isfinite(tails.returns[place])) shared.places.push_back(place);
  for (const TailLine& line : tails.lines) {
    const auto has = [&](std::size_t place) {
      return std::isfinite(line.tails[place * tails.levels.size() + level].var);
    };
    std::vector<std::size_t> common;
    std::copy_if(shared.places.begin(), shared.places.end(), std::back_inserter(common), has);
    if (!common.empty()) {
      shared.lines.push_back(&line);
      shared.places = std::move(common);
      continue;
    }
    bool has_some = false;
    for (std::size_t place = 0; place < rows.fold.size(); ++place)
      has_some = has_some || (rows.fold[place] >= 0 && has(place));
    shared.left_out.push_back(
        {line.name, tails.levels[level],
         has_some ? "it has none of a row that the lines before it have"
                  : "no row has 250 earlier ones of its key with a return and a forecast of it"});
  }
  if (shared.lines.empty()) shared.places.clear();
  return shared;
}

}  // namespace

bool has_tails(const RunConfig& config) {
  return !config.risk.return_column.empty() && config.loss.kind == LossKind::qlike &&
         config.tasks.table.targets.size() == 1 && !config.tasks.table.time.empty();
}

std::vector<double> returns_of(const RunConfig& config) {
  const TableOptions& table = config.tasks.table;
  std::vector<double> returns = read_numbers(table, config.risk.return_column, "risk.return");
  if (std::all_of(returns.begin(), returns.end(), [](double value) { return std::isnan(value); }))
    throw DataError(printable(table.path) + ": column " + quoted_text(config.risk.return_column) +
                    " (risk.return) has no value in any row");
  return returns;
}

Tails tails_of(const RunConfig& config, const TableSource& grid, Phase phase, const FoldRows& rows,
               const std::vector<double>& returns, const std::vector<LineOutputs>& lines) {
  Tails tails{config.risk.levels, {}, {}};
  for (const ForecastRow& row : rows.rows)
    tails.returns.push_back(returns[static_cast<std::size_t>(row.row)]);
  for (const LineOutputs& line : lines)
    if (line.selected || !line.steps)
      tails.lines.push_back({line.name, true, filtered(config.risk, rows, tails.returns, line.outputs)});
  tails.lines.push_back({"hs", false, historical(config.risk, grid, phase, rows, returns)});
  return tails;
}

std::vector<RiskAssessment> assess_tails(const Tails& tails, const TableSource& grid, const FoldRows& rows,
                                         const Notify& notify, std::vector<RiskLeftOut>& left_out) {
  std::vector<RiskAssessment> result;
  for (std::size_t level = 0; level < tails.levels.size(); ++level) {
    SharedRows shared = shared_rows(tails, rows, level);
    const std::vector<std::size_t>& places = shared.places;
    ForecastTable table;
    table.columns = {.target = "return", .forecast = "var", .key = "key", .time = "time"};
    std::map<std::int32_t, std::int32_t> keys;  // rank among all -> place in table.keys
    for (const std::size_t place : places) {
      const ForecastRow& row = rows.rows[place];
      const auto [at, first] = keys.emplace(row.key, static_cast<std::int32_t>(keys.size()));
      if (first) {
        std::string name;
        for (const std::string& value : grid.key_values(row.task)) name += (name.empty() ? "" : "/") + value;
        table.keys.push_back(name);
      }
      table.target.push_back(tails.returns[place]);
      table.key.push_back(at->second);
      table.time.push_back(row.time);
    }
    for (const TailLine* const shared_line : shared.lines) {
      const TailLine& line = *shared_line;
      table.forecast.clear();
      table.shortfall.clear();
      for (const std::size_t place : places) {
        const TailForecast& tail = line.tails[place * tails.levels.size() + level];
        table.forecast.push_back(tail.var);
        if (line.has_shortfall) table.shortfall.push_back(tail.es);
      }
      table.columns.shortfall = line.has_shortfall ? "es" : "";
      try {
        result.push_back(
            {line.name, tails.levels[level],
             assess(table, {.kind = ForecastKind::value_at_risk, .level = tails.levels[level]})});
      } catch (const DataError& error) {
        shared.left_out.push_back({line.name, tails.levels[level], error.what()});
      }
    }
    left_out.insert(left_out.end(), shared.left_out.begin(), shared.left_out.end());
  }
  std::set<std::string> told;  // at all levels the same, mostly
  for (const RiskLeftOut& line : left_out) {
    std::string text = "no value at risk of " + line.model + ": " + line.reason;
    if (told.insert(text).second) tell_warning(notify, std::move(text));
  }
  return result;
}

}  // namespace shoal
