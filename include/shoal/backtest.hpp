// SPDX-License-Identifier: Apache-2.0
// run_backtest: forecasts every row of a table by models that have not seen it: walking forward in time, or
// leaving out groups of keys.
//
// Example:
//
//   const shoal::RunConfig config = shoal::load_config("market.toml");
//   const shoal::BacktestReport report =
//       shoal::run_backtest(config, "backtests/market", {.baselines = {"linear", "gjr"}});
//   for (const shoal::ModelMetrics& line : report.models)
//     std::printf("%s %g\n", line.name.c_str(), line.loss.mean);
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <shoal/assessment.hpp>
#include <shoal/baselines.hpp>
#include <shoal/context.hpp>
#include <shoal/data_report.hpp>
#include <shoal/gate.hpp>
#include <shoal/model_metrics.hpp>
#include <shoal/notice.hpp>
#include <shoal/run_config.hpp>
#include <shoal/trainer.hpp>

namespace shoal {

struct BacktestOptions {
  std::vector<std::string> baselines = {};  ///< of baseline_names(); or "auto" alone; empty or "none": none
  std::vector<ForecastFile> compare = {};   ///< forecasts of others, in the same table
  /// `checkpoint`: keep the folds that are finished, and go on with the others.
  StartFrom start = StartFrom::beginning;
  /// Asked after every iteration; when it returns true, the fold writes a checkpoint and the backtest ends.
  std::function<bool()> stop = {};
  std::string stopped_by = "its caller";  ///< who asked for the stop, in the fold's train.log
  Notify notify = {};
  /// Device, stream and the other options that a configuration does not have.
  ContextOptions context = {};
};

/// One training of a fold.
struct FoldSeed {
  std::int64_t seed = 0;
  std::int64_t selected_iteration = 0;
  std::optional<double> validation_loss;
  int steps = 0;                   ///< that the fold adapts with: selected, else algorithm.inner_steps
  std::optional<GateReport> gate;  ///< where algorithm.gate is "auto"
  std::int64_t tasks_failed = 0;   ///< forecast tasks without a forecast after these steps
};

struct FoldReport {
  std::string name;                         ///< of its folder in BT/folds
  std::string from, to;                     ///< what it forecasts; `to` is empty at the end of the table
  std::string train_from, validation_from;  ///< of its run; empty: from the beginning, no validation
  std::vector<std::string> keys;            ///< of folds of keys: what it forecasts
  std::int64_t rows = 0;                    ///< that it forecasts
  std::int64_t tasks = 0;                   ///< that these rows belong to
  std::int64_t train_tasks = 0, validation_tasks = 0;
  std::vector<FoldSeed> seeds;
};

/// The model of one seed alone.
struct SeedMetrics {
  std::int64_t seed = 0;
  std::vector<ModelMetrics> models;
};

/// Value at risk and expected shortfall of one line of the table, by filtered historical simulation; "hs":
/// by plain historical simulation.
struct RiskAssessment {
  std::string model;
  double level = 0.0;
  Assessment assessment;
};

/// A line that `risk` lacks at a level, and why.
struct RiskLeftOut {
  std::string model;
  double level = 0.0;
  std::string reason;
};

struct BacktestReport {
  bool stopped = false;              ///< options.stop ended it; then nothing else is known
  std::int64_t rows = 0;             ///< that are forecast
  std::int64_t measured = 0;         ///< of which every line has a forecast, and whose target is known
  std::vector<ModelMetrics> models;  ///< the mean of the seeds, then baselines, combinations, others' files
  std::vector<GroupMetrics> groups;  ///< by year
  std::vector<FoldReport> folds;
  std::vector<SeedMetrics> seeds;
  std::vector<RiskAssessment> risk;
  std::vector<RiskLeftOut> risk_left_out;
  DataReport data;
  std::map<std::string, std::string> inputs;  ///< SHA-256 of the files, by name
  std::string predictions_hash;               ///< SHA-256 of predictions.csv
  std::string config;                         ///< TOML
  std::int64_t tasks_failed = 0, tasks = 0;   ///< of all folds and seeds, at the steps they adapt with
  double max_failed_share = 0.0;              ///< the configuration's evaluate.max_failed_share
};

/// Runs the backtest that `config` describes ([backtest], docs/configuration.md) and writes predictions.csv,
/// backtest.json and a run folder per fold and seed into `folder` (docs/formats.md). Their bytes do not
/// depend on threads, kills and resumes. Throws InvalidArgument (what the configuration cannot have; a folder
/// that holds something), DataError, ModelError (a folder of another configuration), NumericError (too many
/// tasks failed in a training) and ResourceError. What is wrong about the configuration, the data and the
/// baselines is found before anything is written.
BacktestReport run_backtest(const RunConfig& config, const std::filesystem::path& folder,
                            const BacktestOptions& options = {});

/// The text of backtest.json (docs/formats.md).
std::string to_json(const BacktestReport& report);

/// Throws NumericError when more than evaluate.max_failed_share of the forecast tasks failed.
void require_few_failures(const BacktestReport& report);

}  // namespace shoal
