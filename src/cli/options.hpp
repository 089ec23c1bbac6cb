// SPDX-License-Identifier: Apache-2.0
// What the command line says, as plain data; main.cpp fills it, one file per command uses it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <shoal/config.hpp>
#include <shoal/run_config.hpp>

namespace shoal::cli {

struct CommonOptions {
  std::string config;                  ///< --config
  std::string tasks;                   ///< --tasks: implies source = "file"
  std::vector<std::string> overrides;  ///< --set key=value
  std::optional<std::string> backend, threads, isa, math, seed;
  bool json = false, quiet = false, print_config = false;
};

struct CommandOptions {
  CommonOptions common;
  std::string run;          ///< RUN or A.safetensors
  std::string out;          ///< --out
  std::string predictions;  ///< --predictions
  std::string data;         ///< --data
  std::string parameters;   ///< --parameters
  std::vector<int> steps;   ///< --steps
  std::string phase;        ///< --phase; empty = not given
  std::string name;         ///< data get NAME
  std::string features;     ///< data get --features
  std::string wheel;        ///< data get --wheel
  bool resume = false, fast_weights = false;
};

/// What a command's configuration goes over: the defaults, or the configuration of a trained run. Then the
/// environment's seed does not count: the run's own decides which tasks are test tasks.
enum class Base { defaults, run };
/// What the command line says over the file of --config: environment, then --set, then flags.
std::vector<ConfigOverride> overrides_of(const CommonOptions& options, Base base);
/// The configuration: flag > environment > file > default.
RunConfig resolve_config(const CommonOptions& options);

/// One function per command; each returns the exit code. main() turns errors into theirs.
int run_train(const CommandOptions& options);
int run_adapt(const CommandOptions& options);
int run_predict(const CommandOptions& options);
int run_evaluate(const CommandOptions& options);
int run_gradient(const CommandOptions& options);
int run_data_list(const CommandOptions& options);
int run_data_get(const CommandOptions& options);
int run_data_export(const CommandOptions& options);
int run_inspect_plan(const CommandOptions& options);
int run_inspect_model(const CommandOptions& options);
int run_inspect_tasks(const CommandOptions& options);
int run_doctor(const CommandOptions& options);

}  // namespace shoal::cli
