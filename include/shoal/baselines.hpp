// SPDX-License-Identifier: Apache-2.0
// Baselines beside a run: what simple models make of the same tasks, rows, preprocessing and offset.
//
// Example:
//
//   const shoal::Run run = shoal::Run::open("runs/clients");
//   const shoal::Evaluation evaluation = run.evaluate({.baselines = {"auto"}});
//   for (const shoal::ModelMetrics& line : evaluation.models)
//     std::printf("%s %g\n", line.name.c_str(), line.loss.mean);
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/data_report.hpp>
#include <shoal/garch.hpp>
#include <shoal/heterogeneity.hpp>
#include <shoal/linear_model.hpp>
#include <shoal/notice.hpp>
#include <shoal/run_config.hpp>

namespace shoal {

/// constant, offset, linear, linear-bias, empirical-bayes, pooled, pooled-tuned, garch, gjr
/// (docs/definitions.md).
std::vector<std::string_view> baseline_names();

/// Forecasts of somebody else: a column of a CSV file that has a column `row`, which counts the rows of the
/// table from 0. The forecast is a response (responses.hpp): a probability, a variance or a prediction.
struct ForecastFile {
  std::string name;  ///< in the table; no baseline's
  std::filesystem::path file;
  std::string column;
};
/// Reads "NAME=FILE:COLUMN". Throws InvalidArgument.
ForecastFile forecast_file_of(const std::string& text);

struct HeterogeneityReport {
  Heterogeneity statistics;
  LinearModel linear;
  std::vector<std::string> inputs;  ///< names of the linear model's inputs; empty where they have none
  DataReport data;
};
/// The heterogeneity of the meta-train tasks of a configuration, at the linear model of its loss. Throws
/// InvalidArgument for a loss that it is not defined for, and what open_tasks throws.
HeterogeneityReport measure_heterogeneity(const RunConfig& config, const Notify& notify = {});

struct BaselineOptions {
  std::string name;
  std::string until;  ///< the first time that is forecast; empty: tasks.split.test_from
  std::filesystem::path out;
  Notify notify = {};
};

/// garch, gjr: a key without a fit: too few returns, or all of them 0.
struct UnfittedKey {
  std::string key;
  std::string reason;
};
/// garch, gjr: what was fitted for one key.
struct KeyParameters {
  std::string key;
  GarchFit fit;
};

struct BaselineReport {
  std::int64_t rows = 0;                  ///< that were forecast
  std::optional<LinearModel> linear;      ///< of linear, linear-bias and empirical-bayes
  std::vector<std::string> inputs;        ///< names of its inputs
  std::vector<KeyParameters> parameters;  ///< garch, gjr: of every fitted key
  std::vector<UnfittedKey> unfitted;      ///< garch, gjr: their rows have no forecast
};
/// Fits one baseline on what lies before `until` and writes its forecasts of what lies after
/// (docs/commands.md lists the columns), crash-safely. garch and gjr need risk.return and forecast every
/// later row of every key; the others are fitted on the meta-train tasks (pooled ones train the
/// configuration's network there) and forecast the query rows of the test tasks. Throws InvalidArgument,
/// DataError and ResourceError, and then writes nothing.
BaselineReport write_baseline(const RunConfig& config, const BaselineOptions& options);

}  // namespace shoal
