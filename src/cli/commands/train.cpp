// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <csignal>
#include <cstdio>
#include <optional>

#include <shoal/error.hpp>
#include <shoal/program_environment.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/train_run.hpp>

#include "cli/print_json.hpp"
#include "cli/progress.hpp"
#include "cli/session.hpp"
#include "cli/summary_table.hpp"

namespace shoal::cli {
namespace {

// exit code after a signal, with a checkpoint written: a batch system may start the run again
constexpr int preempted = 75;

std::atomic<int> caught_signal{0};
void catch_signal(int number) {
  if (caught_signal.exchange(number) == 0) return;
  std::signal(number, SIG_DFL);  // a second signal ends the program at once
  std::raise(number);
}

/// While an object of this class exists, SIGINT and SIGTERM end the run after the current iteration; a second
/// signal ends it at once.
class CatchSignals {
 public:
  CatchSignals() {
    caught_signal = 0;
    old_interrupt_ = std::signal(SIGINT, catch_signal);
    old_terminate_ = std::signal(SIGTERM, catch_signal);
  }
  ~CatchSignals() {
    std::signal(SIGINT, old_interrupt_);
    std::signal(SIGTERM, old_terminate_);
  }
  CatchSignals(const CatchSignals&) = delete;
  CatchSignals& operator=(const CatchSignals&) = delete;

 private:
  void (*old_interrupt_)(int);
  void (*old_terminate_)(int);
};

/// Trains and shows the progress. During the iterations, a signal stops the run.
TrainReport train(const CommandOptions& options, const RunConfig& config) {
  std::optional<CatchSignals> signals;
  std::optional<Progress> progress;
  TrainRunOptions run;
  run.start = options.resume ? StartFrom::checkpoint : StartFrom::beginning;
  run.notify = notices(options.common);
  run.context = with_environment({});
  run.stop = [] { return caught_signal != 0; };
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
  json["left_out"] = left_out_json(report.data);
  json["warnings"] = report.data.warnings;
  json["scaling"] = scaling_json(report.data);
  json["evaluated_on"] = evaluated_set(report);
  json["evaluation"] = json_table(report.evaluation);
  print_json(json);
}

void tell(const CommandOptions& options, const TrainReport& report) {
  const TrainSummary& training = report.training;
  const char* patience = training.iteration < report.iterations ? " (train.patience ended the training)" : "";
  std::fprintf(stderr, "%s: %lld iterations%s, %lld of %lld tasks failed in training; %s\n",
               printable(options.out).c_str(), static_cast<long long>(training.iteration), patience,
               static_cast<long long>(training.tasks_failed), static_cast<long long>(training.tasks_seen),
               describe_selection(report).c_str());
  if (report.evaluation.empty())
    std::fprintf(stderr, "there are no test tasks (tasks.split)\n");
  else
    std::printf("query loss on %s after so many adaptation steps:\n%s", evaluated_set(report),
                text_table(report.evaluation).c_str());
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
