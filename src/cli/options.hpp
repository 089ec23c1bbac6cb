// SPDX-License-Identifier: Apache-2.0
// The options of the command line as plain data. main.cpp parses them; each command has a file that uses
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <shoal/config.hpp>
#include <shoal/forecast_table.hpp>
#include <shoal/run_config.hpp>

namespace shoal::cli {

struct CommonOptions {
  std::string config;                  ///< --config
  std::string tasks;                   ///< --tasks: also sets source = "file"
  std::vector<std::string> overrides;  ///< --set key=value
  std::optional<std::string> backend, threads, isa, math, seed;
  bool json = false, quiet = false, print_config = false;
};

/// Of `shoal assess`.
struct AssessArguments {
  std::string kind;                    ///< --as
  ForecastColumns columns;             ///< --target, --forecast, --against, --es, --key, --time
  std::optional<double> level, floor;  ///< --level, --floor
  std::optional<int> lag;              ///< --lag
};

struct CommandOptions {
  CommonOptions common;
  std::string run;                     ///< RUN or A.safetensors
  std::string out;                     ///< --out
  std::string predictions;             ///< --predictions
  std::string data;                    ///< --data
  std::string parameters;              ///< --parameters
  std::vector<int> steps;              ///< --steps
  std::string phase;                   ///< --phase; empty = not given
  std::string name;                    ///< data get NAME, data simulate NAME, baseline NAME
  std::string features;                ///< data get --features
  std::string package;                 ///< data get --package
  std::string prices;                  ///< data features PRICES
  std::int64_t keys = 20;              ///< data simulate --keys
  std::int64_t rows = 1000;            ///< data simulate --rows
  std::string until;                   ///< --until
  std::vector<std::string> baselines;  ///< --baselines
  std::vector<std::string> compare;    ///< --compare NAME=FILE:COLUMN
  std::string by;                      ///< --by
  bool resume = false, fast_weights = false, latest = false, next = false;
  AssessArguments assess;
};

/// What a command's overrides change: the defaults, or the configuration of a trained run. For a trained run,
/// SHOAL_SEED is ignored, because the run's own seed decides which tasks are test tasks.
enum class Base { defaults, run };
/// The overrides of the command line and the environment. Later ones win: environment, then --set, then
/// flags.
std::vector<ConfigOverride> overrides_of(const CommonOptions& options, Base base);
/// The configuration of a command. Priority, highest first: flags, --set, environment, file, defaults.
RunConfig resolve_config(const CommonOptions& options);

/// How a table that is no run's is written: tasks.delimiter, decimal, thousands, units, missing_words,
/// skip_rows, comment and time_format. Warns of every other key that --set gives: nothing uses it.
TableOptions resolve_table_format(const CommonOptions& options);
/// Warns of --config and --set for a command that takes no configuration.
void warn_of_configuration(const CommonOptions& options);

/// One function per command. It returns the exit code; main() gives errors theirs.
int run_train(const CommandOptions& options);
int run_adapt(const CommandOptions& options);
int run_predict(const CommandOptions& options);
int run_evaluate(const CommandOptions& options);
int run_backtest(const CommandOptions& options);
int run_explain(const CommandOptions& options);
int run_baseline(const CommandOptions& options);
int run_heterogeneity(const CommandOptions& options);
int run_assess(const CommandOptions& options);
int run_report(const CommandOptions& options);
int run_gradient(const CommandOptions& options);
int run_data_list(const CommandOptions& options);
int run_data_get(const CommandOptions& options);
int run_data_features(const CommandOptions& options);
int run_data_simulate(const CommandOptions& options);
int run_data_export(const CommandOptions& options);
int run_inspect_plan(const CommandOptions& options);
int run_inspect_model(const CommandOptions& options);
int run_inspect_tasks(const CommandOptions& options);
int run_doctor(const CommandOptions& options);

}  // namespace shoal::cli
