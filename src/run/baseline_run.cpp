// SPDX-License-Identifier: Apache-2.0
// What `shoal heterogeneity` and `shoal baseline` do.
#include <algorithm>
#include <tuple>
#include <utility>

#include <shoal/baselines.hpp>
#include <shoal/error.hpp>
#include <shoal/nearest_name.hpp>
#include <shoal/no_tasks_error.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/table_times.hpp>
#include <shoal/target_units.hpp>
#include <shoal/tensor_file.hpp>

#include "core/float_environment.hpp"
#include "run/baseline_outputs.hpp"
#include "run/csv_text.hpp"
#include "run/garch_baseline.hpp"
#include "run/linear_baselines.hpp"
#include "run/not_read.hpp"
#include "run/opened_data.hpp"
#include "run/pooled_baseline.hpp"
#include "run/precision.hpp"
#include "run/prediction_file.hpp"
#include "run/prediction_table.hpp"

namespace shoal {
namespace {

bool is_garch(std::string_view name) {
  return name == "garch" || name == "gjr";
}

std::vector<std::string> input_names(const OpenedData& data) {
  return data.table ? data.table->preprocessing().inputs : std::vector<std::string>{};
}

LinearBaselines linear_of(const RunConfig& config, const OpenedData& data) {
  return {scaled_loss(config.loss, data.source->target_units()), *data.source, config.evaluate.tasks};
}

/// One line per row: key columns, time, row, variance; the variance of a key without a fit is empty.
std::int64_t write_variances(const std::filesystem::path& file, const std::vector<std::string>& key,
                             const GarchForecasts& forecasts) {
  std::string text;
  for (std::string name : key) {
    while (name == "time" || name == "row" || name == "variance") name = "key." + name;
    text += csv_text(name) + ",";
  }
  text += "time,row,variance\n";
  std::int64_t rows = 0;
  for (std::size_t k = 0; k < forecasts.series.keys.size(); ++k) {
    const KeySeries& series = forecasts.series.keys[k];
    std::string start;
    for (const std::string& value : series.key) start += csv_text(value) + ",";
    for (std::size_t i = 0; i < forecasts.variances[k].size(); ++i, ++rows)
      text += start + csv_text(series.times[series.past + i]) + "," +
              std::to_string(series.rows[series.past + i]) + "," +
              (forecasts.fits[k] ? number_text(forecasts.variances[k][i]) : "") + "\n";
  }
  write_file(file, text);
  return rows;
}

/// Throws InvalidArgument for a time with no row before it or none from there on, and for one that lies
/// before the times by which the split tells training from validation. `key` names the time.
void require_within(const TableOptions& table, const std::string& until, const std::string& key) {
  const TableTimes times(table);
  const auto refuse = [&](const std::string& why) {
    throw InvalidArgument(key + " = " + quoted_text(until) + ": " + why);
  };
  const std::int32_t boundary = times.boundary(until, key);
  if (boundary == 0)
    refuse("no row lies before it; the first time of the table is " + quoted_text(times.text(0)));
  if (boundary == times.count())
    refuse("no row lies from there on; the last time of the table is " +
           quoted_text(times.text(times.count() - 1)));
  const SplitOptions& split = table.split;
  for (const auto& [name, from] : {std::pair{"tasks.split.validation_from", &split.validation_from},
                                   std::pair{"tasks.split.train_from", &split.train_from}})
    if (key == "--until" && !from->empty() && boundary < times.boundary(*from, name))
      refuse(std::string("lies before ") + name + " = " + quoted_text(*from));
}

BaselineReport write_garch(const RunConfig& config, const BaselineOptions& options) {
  const bool given = !options.until.empty();
  const TableOptions& table = config.tasks.table;
  const std::string& until = given ? options.until : table.split.test_from;
  if (config.tasks.source == TaskSourceKind::table && !table.time.empty() && !until.empty() &&
      !config.risk.return_column.empty())
    require_within(table, until, given ? "--until" : "tasks.split.test_from");
  const GarchForecasts forecasts =
      garch_forecasts(options.name == "gjr" ? GarchKind::gjr : GarchKind::garch, config, options.until);
  BaselineReport report;
  report.rows = write_variances(options.out, config.tasks.table.key, forecasts);
  for (std::size_t k = 0; k < forecasts.fits.size(); ++k)
    if (forecasts.fits[k]) report.parameters.push_back({forecasts.series.keys[k].name, *forecasts.fits[k]});
  report.unfitted = forecasts.unfitted;
  forecasts.tell_unfitted(options.name, options.notify);
  return report;
}

/// The predictions of the test tasks' query rows, in the order and with the columns of `shoal predict`.
/// `outputs`: in the user's units.
void write_outputs(const std::filesystem::path& file, const RunConfig& config, OpenedData& data,
                   const TaskBatch64& tasks, const std::vector<double>& outputs) {
  TrainedModel model;
  model.config = config;
  if (data.table) {
    model.preprocessing = data.table->preprocessing();
    data.options = config.tasks.table;
  } else {
    data.tasks = tasks;
  }
  data.run = RunTasks::of(*data.source, config.tasks.source == TaskSourceKind::file);
  const auto width = outputs.size() / static_cast<std::size_t>(tasks.query().total_rows());
  PredictionTable table(data, model, static_cast<int>(width));
  struct Row {
    std::size_t rank;
    std::pair<std::int32_t, std::int64_t> time_and_row;
    std::size_t task;
    std::int64_t query;
  };
  std::vector<Row> rows;
  rows.reserve(static_cast<std::size_t>(tasks.query().total_rows()));
  const std::vector<std::size_t> ranks = table.ranks(tasks.ids());
  for (std::size_t t = 0; t < ranks.size(); ++t)
    for (std::int64_t q = 0; q < tasks.query().rows(static_cast<std::int64_t>(t)); ++q)
      rows.push_back({ranks[t], table.time_and_row(tasks.ids()[t], q), t, q});
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::tie(a.rank, a.time_and_row, a.task) < std::tie(b.rank, b.time_and_row, b.task);
  });
  std::string text = header_of(table.columns());
  PredictionLines<double> lines(table.columns());
  std::vector<double> responses(table.columns().responses.size());
  for (const Row& row : rows) {
    const auto at = static_cast<std::size_t>(tasks.query().row_starts[row.task] + row.query) * width;
    lines.append(table.row<double>(tasks.ids()[row.task], row.query, 0,
                                   std::span<const double>(outputs).subspan(at, width), std::span(responses)),
                 text);
  }
  write_file(file, text);
}

std::vector<double> pooled_outputs(const std::string& name, const RunConfig& config, const OpenedData& data,
                                   const TaskBatch64& tasks) {
  const Context context(context_options(config));
  return PooledBaseline(context, config, data).outputs(name, tasks);
}

/// Fits the baseline on the meta-train tasks and adds what it has fitted to the report.
std::vector<double> linear_outputs(const std::string& name, const RunConfig& config, const OpenedData& data,
                                   const TaskBatch64& tasks, BaselineReport& report) {
  LinearBaselines linear = linear_of(config, data);
  std::vector<double> outputs = linear.outputs(name, tasks);
  outputs_to_user_units<double>(config.loss, data.source->target_units(), outputs);
  if (name != "constant" && name != "offset") {
    report.linear = linear.linear();
    report.inputs = input_names(data);
  }
  return outputs;
}

/// Opens the data, whose test tasks begin at --until where it is given: messages then name it.
OpenedData open_until(const RunConfig& config, const BaselineOptions& options) {
  if (options.until.empty()) return open_source(config, options.notify);
  try {
    OpenedData data = open_source(config, {});
    for (const std::string& warning : data.warnings)
      if (data.source->size(Phase::test) != 0) tell_warning(options.notify, warning);
    return data;
  } catch (const NoTasksError& error) {
    throw NoTasksError(error.where(), error.phase(), error.counts(), "--until and tasks.split");
  }
}

BaselineReport write_of_tasks(const RunConfig& given, const BaselineOptions& options) {
  const bool pooled = is_pooled(options.name);
  const RunConfig config = pooled ? pooled_config(given) : given;
  OpenedData data = open_until(config, options);
  tell_left_out(data, options.notify);
  const auto size = data.source->size(Phase::test);
  const Phase phase = config.tasks.source == TaskSourceKind::file ? Phase::train : Phase::test;
  if (size && *size == 0 && phase == Phase::test)
    throw DataError(data.file + ": there are no test tasks to forecast (" +
                    (options.until.empty() ? "tasks.split" : "--until") + ")");
  const TaskBatch64 tasks = data.source->evaluation64(phase, config.evaluate.tasks);
  BaselineReport report;
  const std::vector<double> outputs = naming_file(data, [&] {
    return pooled ? pooled_outputs(options.name, config, data, tasks)
                  : linear_outputs(options.name, config, data, tasks, report);
  });
  report.rows = tasks.query().total_rows();
  write_outputs(options.out, config, data, tasks, outputs);
  return report;
}

}  // namespace

HeterogeneityReport measure_heterogeneity(const RunConfig& config, const Notify& notify) {
  const FloatEnvironment environment;
  const OpenedData data = open_source(config, notify);
  tell_left_out(data, notify);
  HeterogeneityReport report;
  naming_file(data, [&] {
    LinearBaselines linear = linear_of(config, data);
    report.statistics = linear.heterogeneity();
    report.linear = linear.linear();
  });
  report.inputs = input_names(data);
  report.data = data.report();
  return report;
}

BaselineReport write_baseline(const RunConfig& config, const BaselineOptions& options) {
  const FloatEnvironment environment;
  require_known({{options.name}, {}});
  if (options.name == "auto" || options.name == "none")
    throw InvalidArgument("baseline: " + options.name + " is no baseline; name one");
  require_not_read(options.out, {config.tasks.table.path});
  if (is_garch(options.name)) return write_garch(config, options);
  if (options.until.empty()) return write_of_tasks(config, options);
  const SplitOptions& split = config.tasks.table.split;
  if (config.tasks.source != TaskSourceKind::table || split.by != "time")
    throw InvalidArgument("--until: tasks are not split by time (tasks.split)");
  require_within(config.tasks.table, options.until, "--until");
  RunConfig until = config;
  until.tasks.table.split.test_from = options.until;
  return write_of_tasks(until, options);
}

}  // namespace shoal
