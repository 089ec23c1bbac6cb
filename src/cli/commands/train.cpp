// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <map>

#include <shoal/error.hpp>
#include <shoal/evaluation.hpp>
#include <shoal/machine.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/tensor_file.hpp>

#include "cli/config/config_file.hpp"
#include "cli/csv_text.hpp"
#include "cli/failed_tasks.hpp"
#include "cli/model_selection.hpp"
#include "cli/opened_data.hpp"
#include "cli/print_json.hpp"
#include "cli/progress.hpp"
#include "cli/scaling_report.hpp"
#include "cli/summary_table.hpp"
#include "cli/train_log.hpp"

namespace shoal::cli {
namespace {

constexpr int preempted = 75;  // stopped by a signal, checkpoint written: a batch system may requeue

std::atomic<int> caught_signal{0};
void catch_signal(int number) {
  if (caught_signal.exchange(number) == 0) return;
  std::signal(number, SIG_DFL);  // whoever asks twice does not wait
  std::raise(number);
}

/// SIGINT and SIGTERM end the run after the iteration at hand, for the time this lives; a second one ends it
/// at once.
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

/// The same configuration with paths that hold from any folder. Behind a link `..` is not the link's folder:
/// they stay as they are written.
RunConfig with_absolute_paths(RunConfig config) {
  for (std::string* path : {&config.tasks.table.path, &config.train.warm_start})
    if (!path->empty()) *path = std::filesystem::absolute(*path).string();
  return config;
}

/// SHA-256 of the files that a run reads, by path.
std::map<std::string, std::string> input_hashes(const RunConfig& config) {
  std::map<std::string, std::string> hashes;
  if (config.tasks.source == "table")
    for (const std::string& file : table_files(config.tasks.table.path)) hashes[file] = sha256_of_file(file);
  if (config.tasks.source == "file")
    hashes[config.tasks.table.path] = sha256_of_file(config.tasks.table.path);
  if (!config.train.warm_start.empty()) {
    const std::filesystem::path file = model_file(config.train.warm_start);
    hashes[file.string()] = sha256_of_file(file);
  }
  return hashes;
}

/// What a checkpoint must agree on to be gone on from: all that decides a bit, one line each.
std::string manifest_of(const RunConfig& config, const std::map<std::string, std::string>& hashes,
                        const char* precision) {
  std::string text = "version " + version() + "\nprecision " + precision + "\n" +
                     print_config(config, ConfigScope::of_training);
  if (config.train.optimizer.schedule == Schedule::cosine)
    text += "the cosine schedule makes every rate depend on iterations = " +
            std::to_string(config.train.iterations) + "\n";
  for (const auto& [file, hash] : hashes) text += "input " + hash + "\n";
  return text;
}

ModelMetadata metadata_of(const RunConfig& config, const std::map<std::string, std::string>& hashes,
                          const TableSource* table, const TaskSource& source) {
  ModelMetadata metadata = {{"config", print_config(config, ConfigScope::of_model)}, {"version", version()}};
  if (table) metadata["preprocessing"] = to_json(table->preprocessing());
  nlohmann::ordered_json inputs;
  for (const auto& [file, hash] : hashes) inputs[table_file_name(config.tasks.table.path, file)] = hash;
  if (!inputs.empty())
    metadata["inputs"] = inputs.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  RunTasks tasks = RunTasks::of(source, config.tasks.source == "file");
  if (!config.train.warm_start.empty()) {
    const std::filesystem::path file = model_file(config.train.warm_start);
    tasks.add_warm_start(RunTasks(read_metadata(file), file.string()));
  }
  tasks.put(metadata);
  return metadata;
}

/// The parameters of train.warm_start; without one nothing, and they are drawn.
template <class Real>
typename BasicMetaLearner<Real>::Start start_of(const RunConfig& config) {
  if (config.train.warm_start.empty()) return {};
  return [&config](const ParameterLayout& layout, const RateLayout& rates) {
    return read_parameters<Real>(model_file(config.train.warm_start), layout, rates, MissingRates::start,
                                 inner_loop_of(config.algorithm).learning_rate)
        .parameters;
  };
}

/// A network that was trained on targets in one unit starts out wrong on targets in another.
void warn_of_other_units(const RunConfig& config, const TargetUnits& units) {
  if (config.train.warm_start.empty()) return;
  const std::filesystem::path file = model_file(config.train.warm_start);
  const ModelMetadata metadata = read_metadata(file);
  const auto text = metadata.find("preprocessing");
  if (text == metadata.end()) return;
  if (preprocessing_from_json(text->second).target_units == units) return;
  std::fprintf(
      stderr,
      "shoal: warning: train.warm_start: the targets of %s were scaled otherwise than those of this run "
      "(tasks.scale_targets)\n",
      printable(file.string()).c_str());
}

/// Bad data is refused before anything is written, not when its turn comes; of generated tasks the first ones
/// tell whether the loss can take them.
template <class Real>
void refuse_bad_tasks(const BasicMetaLearner<Real>& learner, const OpenedData& data,
                      const RunConfig& config) {
  if (validates(config))
    naming_file(data, [&] { learner.require_trainable(validation_tasks<Real>(*data.source)); });
  for (const Phase phase : {Phase::train, Phase::test}) {
    const auto size = data.source->size(phase);
    if (!size) learner.require_trainable(evaluation_tasks<Real>(*data.source, phase, 25));
    if (size && (*size > 0 || phase == Phase::train))
      naming_file(data,
                  [&] { learner.require_trainable(evaluation_tasks<Real>(*data.source, phase, *size)); });
  }
}

/// Iterations per line of metrics: as configured, else the largest of 1, 2, 10, 20, 100, 200, ... that leaves
/// a hundred lines. Each of these divides the next: a run that goes on for longer has the lines that it
/// needs.
std::int64_t log_every(const TrainConfig& train) {
  if (train.log_every > 0) return train.log_every;
  std::int64_t every = 1;
  for (std::int64_t times = 2; every * times * 100 <= train.iterations; times = times == 2 ? 5 : 2)
    every *= times;
  return every;
}

TrainOptions train_options_of(const RunConfig& config) {
  TrainOptions options;
  options.iterations = config.train.iterations;
  options.tasks_per_batch = config.train.tasks_per_batch;
  options.checkpoint_every = config.train.checkpoint_every;
  options.log_every = log_every(config.train);
  options.validate_every = *config.train.validate_every;
  options.keep = config.train.keep;
  options.patience = config.train.patience;
  return options;
}

template <class Real>
int train_in(const CommandOptions& options, const RunConfig& given, const Context& context) {
  const std::filesystem::path folder = options.out;
  const OpenedData data = open_source(given);
  const RunConfig config = with_validation(given, data, options.common);
  const ModelSpec model = naming_file(data, [&] { return model_for(config, *data.source); });
  BasicMetaLearner<Real> learner(context, learner_options<Real>(config, model, *data.source),
                                 start_of<Real>(config));
  warn_of_other_units(config, data.source->target_units());
  refuse_bad_tasks(learner, data, config);

  const auto hashes = input_hashes(config);
  const char* precision = std::is_same_v<Real, double> ? "f64" : "f32";
  const auto start = options.resume ? StartFrom::checkpoint : StartFrom::beginning;
  std::vector<std::string> warnings;
  const auto store =
      open_run<Real>(folder, manifest_of(config, hashes, precision), learner.layout(), learner.rate_layout(),
                     start, [&](const std::string& warning) {
                       if (std::find(warnings.begin(), warnings.end(), warning) == warnings.end())
                         warnings.push_back(warning);
                     });
  TrainOptions train_options = train_options_of(config);
  std::int64_t from = 0;
  if (options.resume)  // a resume that is refused leaves run.json as it is
    if (const auto checkpoint = store->load()) {
      require_resumable(*checkpoint, train_options);
      from = checkpoint->iteration;
    }
  const nlohmann::ordered_json run = {{"version", version()},
                                      {"seed", config.seed},
                                      {"config", print_config(config)},
                                      {"inputs", hashes},
                                      {"backend", context.backend_name()},
                                      {"backend_reason", context.reason()},
                                      {"threads", context.threads()},
                                      {"isa", to_string(context.isa())},
                                      {"machine", machine_name()}};
  write_file(folder / "run.json", json_text(run, 2), Links::refused);
  const TrainLog log(folder);
  log.line((from > 0 ? "goes on from iteration " + std::to_string(from) : "starts") + ": shoal " + version() +
           ", " + std::string(context.backend_name()) + " (" + std::string(context.reason()) + "), " +
           std::to_string(context.threads()) + " threads, " + std::string(to_string(context.isa())) + ", " +
           machine_name());
  for (const std::string& warning : warnings) {
    std::fprintf(stderr, "shoal: warning: %s\n", printable(warning, 500).c_str());
    log.line("warning: " + warning);
  }
  for (const std::string& warning : data.warnings) log.line("warning: " + warning);
  report_left_out(data, options.common);
  if (data.table)
    for (const std::string& note : data.table->notes()) log.line(note);
  if (const auto left = left_out_json(data); !left.is_null())
    log.line("left out of the data: " + left.dump());
  report_scaling(data, options.common);
  if (const auto scaling = scaling_json(data); !scaling.is_null()) log.line("scaling: " + scaling.dump());

  TrainSummary summary;
  std::vector<FailedTask> failures;  // of the first iteration that had any
  {
    const CatchSignals signals;
    Progress progress(config.train.iterations, train_options.log_every, progress_form(options.common));
    train_options.observer = [&](const TrainMetrics& metrics) {
      progress.show(metrics);
      if (failures.empty()) failures = metrics.failures;
    };
    train_options.validation_observer = [&](const Validation& validation) { progress.show(validation); };
    train_options.stop = [] { return caught_signal != 0; };
    summary =
        naming_file(data, [&] { return train(learner, *data.source, train_options, store.get(), start); });
  }
  if (summary.outcome == TrainOutcome::stopped) {
    log.line("stopped by a signal after iteration " + std::to_string(summary.iteration));
    std::fprintf(stderr, "shoal: stopped after iteration %lld; go on with: shoal train --resume\n",
                 static_cast<long long>(summary.iteration));
    return preempted;
  }
  const SelectedModel selected{summary.selected_iteration, summary.validation_loss,
                               naming_file(data, [&] { return choose_steps(learner, data, config); })};
  if (const std::string failed = failed_selection(config, summary, selected); !failed.empty()) {
    std::fprintf(stderr, "shoal: warning: %s\n", failed.c_str());
    log.line("warning: " + failed);
  }
  const nlohmann::ordered_json selection = json_of(selected);
  ModelMetadata metadata = metadata_of(config, hashes, data.table, *data.source);
  for (const auto& entry : selection.items())
    if (!entry.value().is_null()) metadata[entry.key()] = entry.value().dump();
  write_parameters(folder / "model.safetensors", learner.layout(), learner.rate_layout(),
                   learner.parameters(), metadata, Links::refused);
  const std::string patience =
      summary.iteration < config.train.iterations ? " (train.patience ended the training)" : "";
  log.line("finished after iteration " + std::to_string(summary.iteration) + patience + ": " +
           std::to_string(summary.tasks_failed) + " of " + std::to_string(summary.tasks_seen) +
           " tasks failed on the way; " + describe(selected));

  const double failed_share = summary.tasks_seen == 0 ? 0.0
                                                      : static_cast<double>(summary.tasks_failed) /
                                                            static_cast<double>(summary.tasks_seen);
  // A task file is not split: what it is trained on is all there is to look at.
  const char* looked_at = config.tasks.source == "file" ? "training tasks" : "test tasks";
  std::vector<StepSummary> table;
  const auto size = data.source->size(Phase::test);
  if (!size || *size > 0) {
    const auto tasks = evaluation_tasks<Real>(*data.source, Phase::test, config.evaluate.tasks);
    const auto losses = losses_in_user_units(
        config.loss.kind, data.source->target_units(),
        naming_file(data, [&] { return learner.evaluate(tasks, config.evaluate.steps); }));
    table = summarize(losses, tasks.ids());
    name_failures(table, *data.source);
  }
  if (options.common.json) {
    nlohmann::ordered_json report = {{"run", folder.string()},
                                     {"backend", context.backend_name()},
                                     {"iterations", summary.iteration},
                                     {"tasks_seen", summary.tasks_seen},
                                     {"tasks_failed", summary.tasks_failed}};
    report.update(selection);
    report["left_out"] = left_out_json(data);
    report["warnings"] = data.warnings;
    report["scaling"] = scaling_json(data);
    report["evaluated_on"] = looked_at;
    report["evaluation"] = json_table(table);
    print_json(report);
  } else if (!options.common.quiet) {
    std::fprintf(stderr, "%s: %lld iterations%s, %lld of %lld tasks failed on the way; %s\n",
                 printable(folder.string()).c_str(), static_cast<long long>(summary.iteration),
                 patience.c_str(), static_cast<long long>(summary.tasks_failed),
                 static_cast<long long>(summary.tasks_seen), describe(selected).c_str());
    if (table.empty())
      std::fprintf(stderr, "there are no test tasks to look at (tasks.split)\n");
    else
      std::printf("query loss on %s after so many adaptation steps:\n%s", looked_at,
                  text_table(table).c_str());
  }
  if (failed_share > config.evaluate.max_failed_share)
    throw NumericError("on the way " + failure_text(summary.tasks_failed, summary.tasks_seen, failures) +
                       "; evaluate.max_failed_share = " + number_text(config.evaluate.max_failed_share) +
                       " allows no more than that share; metrics.jsonl lists them");
  require_few_failures(table, config.evaluate.max_failed_share);
  return 0;
}

}  // namespace

int run_train(const CommandOptions& options) {
  if (options.out.empty()) throw InvalidArgument("train: --out RUN is needed");
  const RunConfig config = with_absolute_paths(resolve_config(options.common));
  const Context context = make_context(config);
  return in_precision(context, [&]<class Real>(Real) { return train_in<Real>(options, config, context); });
}

}  // namespace shoal::cli
