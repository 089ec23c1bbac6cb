// SPDX-License-Identifier: Apache-2.0
// Evidence: everything that a report says something about, whether it comes from a run (run_evidence.hpp) or
// from a backtest (backtest_evidence.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <shoal/gate.hpp>
#include <shoal/heterogeneity.hpp>
#include <shoal/left_out.hpp>
#include <shoal/loss_metrics.hpp>
#include <shoal/model_metrics.hpp>
#include <shoal/run_config.hpp>

#include "report/forecast_rows.hpp"
#include "report/stability.hpp"

namespace shoal::report {

/// A line of the table of models: ModelMetrics with its metrics by name.
struct ModelLine {
  std::string name;
  std::optional<int> steps;  ///< of the model, where they are the same in all folds; nothing for others
  bool selected = false;     ///< the steps that adapt and predict take
  std::int64_t tasks = 0, rows = 0, keys = 0;
  std::vector<NamedValue> metrics, macro;
  double loss = 0.0, half_width = 0.0;
  std::string interval;
  std::vector<ModelComparison> against;
};

/// The tasks of one phase.
struct PhaseFacts {
  std::string phase;
  std::int64_t tasks = 0, keys = 0, rows = 0;  ///< rows: query rows, each once
  std::string from, to;                        ///< times of the first and the last query row; empty: none
};

/// One model of a backtest: the seed of a fold.
struct FoldFacts {
  std::string fold, from, to, train_from, validation_from, seed;
  std::int64_t rows = 0;  ///< that the fold forecasts
  std::int64_t keys = 0;  ///< of folds of keys: those that it forecasts
  std::optional<std::int64_t> selected_iteration, selected_steps;
  std::optional<double> validation_loss;
  std::string gate;               ///< its decision; empty: off
  std::int64_t tasks_failed = 0;  ///< forecast tasks that have no forecast
};

struct SeedFacts {
  std::string seed;
  double loss = 0.0, half_width = 0.0;
};

/// Tests of the values at risk of one model at one level.
struct RiskFacts {
  std::string model;
  double level = 0.0;
  std::int64_t rows = 0, exceedances = 0;
  double rate = 0.0, tick = 0.0;
  std::int64_t keys = 0, kupiec = 0, conditional_coverage = 0;  ///< keys, and how many of them pass
  std::int64_t green = 0, yellow = 0, red = 0;                  ///< keys by traffic light
};

/// A model without values at risk at a level, and why.
struct RiskGap {
  std::string model;
  double level = 0.0;
  std::string reason;
};

/// The loss of tasks after a number of adaptation steps.
struct StepFacts {
  int steps = 0;
  std::int64_t tasks = 0, failed = 0;          ///< failed: of all tasks
  double mean = 0.0, median = 0.0, p95 = 0.0;  ///< over tasks that are good after every number of steps
  double worst = 0.0;                          ///< mean of the worst 5 % of them, at least one
};

struct Evidence {
  bool is_backtest = false;
  std::string name;  ///< of the folder, without its path
  RunConfig config;
  std::string config_text;                    ///< TOML, without folders
  std::map<std::string, std::string> hashes;  ///< SHA-256 by the name of a file, as the model was trained
  /// SHA-256 of the data that the figures of this report are of, where they are not those of the training
  std::map<std::string, std::string> changed;
  std::string
      predictions_hash;  ///< SHA-256 of a backtest's predictions.csv as it was written; empty: unknown
  std::string version;
  std::optional<std::int64_t> evaluations;  ///< of the test tasks before this; nothing where nobody counts

  std::string phase;  ///< the evaluated tasks
  std::vector<ModelLine> models;
  std::vector<std::string> combinations;  ///< lines that are made of the model and others
  ForecastRows rows;
  std::vector<StepFacts> steps;
  std::vector<std::string> failures;  ///< the first failed tasks, with reasons

  std::string file;  ///< name of the data
  std::optional<LeftOut> left_out;
  std::vector<std::string> left_out_lines;
  std::int64_t inputs = 0;
  std::vector<PhaseFacts> phases;
  std::int64_t without_support = 0;  ///< evaluated tasks that have no row to adapt on
  std::int64_t short_support = 0;    ///< those that have some, but fewer than asked for

  std::optional<Heterogeneity> heterogeneity;
  std::string no_heterogeneity;  ///< why there is none
  std::optional<GateReport> gate;
  StabilityFacts stability;

  std::vector<FoldFacts> folds;  ///< of a backtest
  std::vector<SeedFacts> seeds;
  std::vector<RiskFacts> risk;
  std::vector<RiskGap> risk_gaps;
};

/// Whether the folds of a backtest are groups of keys, not periods.
bool deals_keys(const Evidence& evidence);

/// What the model's lines are called.
inline constexpr const char* model_name = "model";

/// The model's line with the selected steps, else the last one; nothing in an empty table.
const ModelLine* model_of(const Evidence& evidence);
/// The baseline with the smallest loss; nothing when there is none.
const ModelLine* best_baseline_of(const Evidence& evidence);
bool is_baseline(const Evidence& evidence, const ModelLine& line);
/// The comparison of the model with another line; nothing where the table has none.
const ModelComparison* against(const ModelLine& model, const std::string& other);
/// Whether a difference in the mean is significant at 5 %: |t| >= 1.96 and p < 0.05.
bool is_significant(const MeanComparison& difference);

}  // namespace shoal::report
