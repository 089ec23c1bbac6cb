// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <optional>

#include <shoal/counted.hpp>
#include <shoal/error.hpp>
#include <shoal/program_environment.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/train_run.hpp>

#include "cli/gate_text.hpp"
#include "cli/model_table.hpp"
#include "cli/print_json.hpp"
#include "cli/progress.hpp"
#include "cli/session.hpp"
#include "cli/signals.hpp"
#include "cli/summary_table.hpp"

namespace shoal::cli {
namespace {

/// Trains and shows the progress. During the iterations, a signal stops the run.
TrainReport train(const CommandOptions& options, const RunConfig& config) {
  std::optional<CatchSignals> signals;
  std::optional<Progress> progress;
  TrainRunOptions run;
  run.start = options.resume ? StartFrom::checkpoint : StartFrom::beginning;
  run.notify = notices(options.common);
  run.context = with_environment({});
  run.stop = [] { return was_signalled(); };
  run.stopped_by = "a signal";
  run.started = [&](const TrainPlan& plan) {
    signals.emplace();
    progress.emplace(plan.iterations, plan.log_every, progress_form(options.common));
  };
  run.observer = [&](const TrainMetrics& metrics) { progress->show(metrics); };
  run.validation_observer = [&](const Validation& validation) { progress->show(validation); };
  run.ended = [&] {
    progress.reset();
    signals.reset();
  };
  return train_run(config, options.out, run);
}

// A task file is not split, so the evaluated tasks are the training tasks.
const char* evaluated_set(const TrainReport& report) {
  return report.evaluated_on_training_tasks ? "training tasks" : "test tasks";
}

void print_report(const CommandOptions& options, const TrainReport& report) {
  const TrainSummary& training = report.training;
  nlohmann::ordered_json json = {{"run", std::filesystem::path(options.out).string()},
                                 {"backend", report.backend},
                                 {"iterations", training.iteration},
                                 {"tasks_seen", training.tasks_seen},
                                 {"tasks_failed", training.tasks_failed},
                                 {"selected_iteration", training.selected_iteration},
                                 {"validation_loss", nullptr}};
  if (training.validation_loss) json["validation_loss"] = *training.validation_loss;
  if (report.selected_steps) json["selected_steps"] = *report.selected_steps;
  if (report.gate) json["gate"] = gate_json(report.gate);
  json["left_out"] = left_out_json(report.data);
  json["warnings"] = report.data.warnings;
  json["scaling"] = scaling_json(report.data);
  json["evaluated_on"] = evaluated_set(report);
  json["evaluation"] = json_table(report.evaluation);
  json["models"] = json_models(report.models);
  print_json(json);
}

void tell(const CommandOptions& options, const TrainReport& report) {
  const TrainSummary& training = report.training;
  const char* patience = training.iteration < report.iterations ? " (train.patience ended the training)" : "";
  std::fprintf(stderr, "%s: %s%s, %lld of %s failed in training; %s\n", printable(options.out).c_str(),
               counted(training.iteration, "iteration", "iterations").c_str(), patience,
               static_cast<long long>(training.tasks_failed),
               counted(training.tasks_seen, "task", "tasks").c_str(), describe_selection(report).c_str());
  std::fputs(gate_line(report.gate).c_str(), report.evaluation.empty() ? stderr : stdout);
  if (report.evaluation.empty())
    std::fprintf(stderr, "there are no test tasks (tasks.split)\n");
  else
    std::printf("query loss on %s after so many adaptation steps:\n%s%s", evaluated_set(report),
                text_table(report.evaluation).c_str(), models_text(report.models).c_str());
}

}  // namespace

int run_train(const CommandOptions& options) {
  if (options.out.empty()) throw InvalidArgument("train: --out RUN is needed");
  const TrainReport report = train(options, resolve_config(options.common));
  if (report.training.outcome == TrainOutcome::stopped) {
    std::fprintf(stderr, "shoal: stopped after iteration %lld; go on with: shoal train --resume\n",
                 static_cast<long long>(report.training.iteration));
    return preempted;
  }
  if (options.common.json)
    print_report(options, report);
  else if (!options.common.quiet)
    tell(options, report);
  require_few_failures(report);
  return 0;
}

}  // namespace shoal::cli
