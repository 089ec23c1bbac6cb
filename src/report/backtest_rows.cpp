// SPDX-License-Identifier: Apache-2.0
#include "report/backtest_rows.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <utility>

#include <shoal/error.hpp>

#include "core/float_environment.hpp"
#include "data/column_store.hpp"
#include "data/file_columns.hpp"
#include "data/row_reader.hpp"
#include "data/timeline.hpp"
#include "run/forecast_file.hpp"

namespace shoal::report {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// The column of a model's forecast; empty for a loss whose forecast is not one number.
std::string response_column(LossKind kind) {
  if (kind == LossKind::bce) return "probability";
  if (kind == LossKind::qlike) return "variance";
  return kind == LossKind::mse || kind == LossKind::huber ? "prediction" : "";
}

/// "var_0.01" and "linear.var_0.01": whose value at risk it is, and its level. Nothing for other columns.
std::optional<std::pair<std::string, double>> var_of(const std::string& column) {
  const std::size_t at = column.rfind("var_");
  if (at == std::string::npos || (at > 0 && column[at - 1] != '.')) return std::nullopt;
  double level = 0.0;
  const char *begin = column.data() + at + 4, *end = column.data() + column.size();
  const auto [stop, error] = std::from_chars(begin, end, level);
  if (error != std::errc() || stop != end || !(level > 0.0 && level < 1.0)) return std::nullopt;
  return std::pair(at == 0 ? std::string(model_name) : column.substr(0, at - 1), level);
}

/// Which columns a file has, by what they hold.
struct Layout {
  std::vector<std::string> keys;
  std::vector<std::pair<std::string, std::string>> lines;  ///< name, column
  std::vector<std::pair<VarLine, std::string>> vars;
};

Layout layout_of(const std::filesystem::path& file, const Evidence& evidence) {
  const std::vector<std::string> names = open_table(file.string(), {})->names();
  const auto has = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const std::string response = response_column(evidence.config.loss.kind);
  for (const char* needed : {"task", "row", "time", "target"})
    if (!has(needed)) throw DataError(file.string() + ": there is no column \"" + needed + "\"");
  Layout layout;
  layout.keys.assign(names.begin(), std::find(names.begin(), names.end(), "task"));
  for (const ModelLine& line : evidence.models) {
    const bool is_model = line.name == model_name;
    if (is_model && !line.selected) continue;
    const std::string column = is_model ? response : line.name + "." + response;
    if (!has(column)) throw DataError(file.string() + ": there is no column \"" + column + "\"");
    layout.lines.emplace_back(line.name, column);
  }
  for (const std::string& name : names)
    if (const auto var = var_of(name)) layout.vars.push_back({VarLine{var->first, var->second, {}}, name});
  return layout;
}

std::vector<ColumnRequest> requests_of(const Layout& layout) {
  std::vector<ColumnRequest> requests = {
      {"task", ColumnType::key}, {"row", ColumnType::number}, {"time", ColumnType::text}, {"target"}};
  for (const std::string& key : layout.keys) requests.push_back({key, ColumnType::key});
  for (const auto& [name, column] : layout.lines) requests.push_back({column, ColumnType::number});
  for (const auto& [var, column] : layout.vars) requests.push_back({column, ColumnType::number});
  return requests;
}

double number_at(const Column& column, std::size_t row) {
  return column.is_missing(row) ? nan : column.numbers[row];
}

/// Targets as numbers; two words become 0 and 1.
std::vector<double> targets_in(const Column& column, std::size_t rows, const RunConfig& config) {
  std::vector<double> targets(rows, nan);
  const std::string& positive = config.tasks.table.positive;
  for (std::size_t row = 0; row < rows; ++row) {
    if (column.is_missing(row)) continue;
    const std::string text = positive.empty() ? "" : value_text(column, row);
    if (!positive.empty())
      targets[row] = text == positive ? 1.0 : 0.0;
    else if (column.numeric)
      targets[row] = column.numbers[row];
  }
  return targets;
}

/// Rows of which every line has a forecast.
std::vector<std::size_t> common_rows(const ColumnStore& store, const Layout& layout,
                                     const std::vector<double>& targets) {
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < store.rows(); ++row) {
    bool complete = !std::isnan(targets[row]);
    for (const auto& [name, column] : layout.lines)
      complete = complete && !std::isnan(number_at(store.column(column), row));
    if (complete) rows.push_back(row);
  }
  return rows;
}

void add_keys(const ColumnStore& store, const Layout& layout, const std::vector<std::size_t>& places,
              ForecastRows& rows) {
  const Column& tasks = store.key_column("task");
  std::map<std::string, std::int32_t> known;
  for (const std::size_t row : places) {
    std::string key;
    for (const std::string& column : layout.keys)
      key += (key.empty() ? "" : "/") + value_text(store.key_column(column), row);
    if (layout.keys.empty()) key = value_text(tasks, row);
    const auto [found, added] = known.emplace(key, static_cast<std::int32_t>(known.size()));
    if (added) rows.keys.push_back(key);
    rows.key.push_back(found->second);
    rows.task.push_back(tasks.codes[row]);
  }
}

void add_times(const std::shared_ptr<const ColumnStore>& store, const std::vector<std::size_t>& places,
               const std::string& format, ForecastRows& rows) {
  const Column& column = store->text_column("time");
  std::vector<bool> used(store->rows(), false);
  for (const std::size_t row : places) {
    if (column.is_missing(row)) return;  // the table has no times
    used[row] = true;
  }
  TableOptions options;
  options.time = "time";
  options.time_format = format;
  const Timeline timeline(*store, options, used);
  std::map<std::int32_t, std::int32_t> ranks;
  for (const std::size_t row : places) ranks[timeline.rank(row)] = 0;
  std::int32_t next = 0;
  for (auto& [rank, place] : ranks) place = next++;
  rows.times.resize(ranks.size());
  for (const std::size_t row : places) {
    const std::int32_t place = ranks[timeline.rank(row)];
    rows.time.push_back(place);
    std::string& text = rows.times[static_cast<std::size_t>(place)];
    if (text.empty()) text = timeline.text(row);
  }
}

}  // namespace

ForecastRows read_backtest_rows(const std::filesystem::path& file, const Evidence& evidence) {
  const FloatEnvironment environment;
  const RunConfig& config = evidence.config;
  ForecastRows rows;
  rows.loss = config.loss;
  if (response_column(config.loss.kind).empty() || config.tasks.table.targets.size() > 1) return rows;
  const Layout layout = layout_of(file, evidence);
  const auto store = std::make_shared<const ColumnStore>(
      std::make_unique<FileColumns>(file.string(), TableFormat{}), TableFormat{}, requests_of(layout));
  const std::vector<double> targets = targets_in(store->column("target"), store->rows(), config);
  const std::vector<std::size_t> places = common_rows(*store, layout, targets);
  if (places.empty()) return rows;
  for (const std::size_t row : places) rows.target.push_back(targets[row]);
  add_keys(*store, layout, places, rows);
  add_times(store, places, config.tasks.table.time_format, rows);
  rows.by_time =
      !rows.times.empty() && (config.evaluate.cluster == Cluster::time ||
                              (config.evaluate.cluster == Cluster::automatic && !deals_keys(evidence)));
  rows.lag = config.evaluate.lag;
  for (const auto& [name, column] : layout.lines) {
    ForecastLine line{name, name == model_name, std::nullopt, name == model_name, {}, {}};
    if (line.is_model) line.steps = model_of(evidence)->steps;
    for (const std::size_t row : places)
      line.output.push_back(output_of_response(config.loss, store->column(column).numbers[row]));
    rows.lines.push_back(std::move(line));
  }
  for (const auto& [var, column] : layout.vars) {
    rows.vars.push_back(var);
    for (const std::size_t row : places)
      rows.vars.back().value.push_back(number_at(store->column(column), row));
  }
  for (const std::size_t row : places)
    rows.row.push_back(static_cast<std::int64_t>(store->column("row").numbers[row]));
  add_losses(rows);
  return rows;
}

}  // namespace shoal::report
