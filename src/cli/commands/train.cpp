// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <map>

#include <nlohmann/json.hpp>

#include <shoal/error.hpp>
#include <shoal/evaluation.hpp>
#include <shoal/tensor_file.hpp>

#include "cli/config/config_file.hpp"
#include "cli/machine.hpp"
#include "cli/progress.hpp"
#include "cli/session.hpp"
#include "cli/summary_table.hpp"

namespace shoal::cli {
namespace {

constexpr int preempted = 75;  // stopped by a signal, checkpoint written: a batch system may requeue

std::atomic<int> caught_signal{0};
void catch_signal(int number) {
  caught_signal = number;
}

/// SIGINT and SIGTERM end the run after the iteration at hand, for the time this lives.
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

std::map<std::string, std::string> input_hashes(const RunConfig& config) {
  std::map<std::string, std::string> hashes;
  const bool reads = config.tasks.source == "table" || config.tasks.source == "file";
  if (reads) hashes[config.tasks.table.path] = sha256_of_file(config.tasks.table.path);
  if (!config.train.warm_start.empty()) {
    std::filesystem::path file = config.train.warm_start;
    if (std::filesystem::is_directory(file)) file /= "model.safetensors";
    hashes[file.string()] = sha256_of_file(file);
  }
  return hashes;
}

/// What a checkpoint must agree on to be gone on from: all that decides a bit, one line each.
std::string manifest_of(const RunConfig& config, const std::map<std::string, std::string>& hashes,
                        const char* precision) {
  std::string text = "version " + version() + "\nprecision " + precision + "\n" +
                     print_config(config, ConfigScope::without_machine);
  for (const auto& [file, hash] : hashes) text += "input " + hash + "\n";
  return text;
}

template <class Real>
void start_warm(BasicMetaLearner<Real>& learner, const RunConfig& config) {
  if (config.train.warm_start.empty()) return;
  std::filesystem::path file = config.train.warm_start;
  if (std::filesystem::is_directory(file)) file /= "model.safetensors";
  learner.set_parameters(read_parameters<Real>(file, learner.layout(), learner.rate_layout(),
                                               MissingRates::start,
                                               inner_loop_of(config.algorithm).learning_rate)
                             .parameters);
}

template <class Real>
int train_in(const CommandOptions& options, const RunConfig& config, const Context& context) {
  const std::filesystem::path folder = options.out;
  const auto source = make_task_source(config);
  const ModelSpec model = model_for(config, *source);
  BasicMetaLearner<Real> learner(context, learner_options<Real>(config, model));
  start_warm(learner, config);

  const auto hashes = input_hashes(config);
  const char* precision = std::is_same_v<Real, double> ? "f64" : "f32";
  const auto start = options.resume ? StartFrom::checkpoint : StartFrom::beginning;
  const auto store = open_run<Real>(folder, manifest_of(config, hashes, precision), learner.layout(),
                                    learner.rate_layout(), start);
  if (options.resume) store->load();  // a resume that is refused leaves run.json as it is
  nlohmann::ordered_json run = {{"version", version()},
                                {"seed", config.seed},
                                {"config", print_config(config)},
                                {"inputs", hashes},
                                {"backend", context.backend_name()},
                                {"threads", context.threads()},
                                {"isa", to_string(context.isa())},
                                {"machine", machine_name()}};
  write_file(folder / "run.json", run.dump(2) + "\n");

  TrainOptions train_options;
  train_options.iterations = config.train.iterations;
  train_options.tasks_per_batch = config.train.tasks_per_batch;
  train_options.checkpoint_every = config.train.checkpoint_every;
  train_options.log_every = config.train.log_every > 0
                                ? config.train.log_every
                                : std::max<std::int64_t>(1, config.train.iterations / 100);
  TrainSummary summary;
  {
    const CatchSignals signals;
    const bool quiet = options.common.quiet || options.common.json;
    Progress progress(config.train.iterations, train_options.log_every, quiet ? Talk::quiet : Talk::normal);
    train_options.observer = [&](const TrainMetrics& metrics) { progress.show(metrics); };
    train_options.stop = [] { return caught_signal != 0; };
    summary = train(learner, *source, train_options, store.get(), start);
  }
  if (summary.outcome == TrainOutcome::stopped) {
    std::fprintf(stderr, "shoal: stopped after iteration %lld; go on with: shoal train --resume\n",
                 static_cast<long long>(summary.iteration));
    return preempted;
  }

  ModelMetadata metadata = {{"config", print_config(config, ConfigScope::without_machine)},
                            {"version", version()}};
  if (const auto* table = dynamic_cast<const TableSource*>(source.get()))
    metadata["preprocessing"] = to_json(table->preprocessing());
  write_parameters(folder / "model.safetensors", learner.layout(), learner.rate_layout(),
                   learner.parameters(), metadata);

  const double failed_share = summary.tasks_seen == 0 ? 0.0
                                                      : static_cast<double>(summary.tasks_failed) /
                                                            static_cast<double>(summary.tasks_seen);
  int code = failed_share > config.evaluate.max_failed_share ? 5 : 0;
  std::vector<StepSummary> table;
  const auto size = source->size(Phase::test);
  if (!size || *size > 0) {
    const auto tasks = evaluation_tasks<Real>(*source, Phase::test, config.evaluate.tasks);
    const auto losses = learner.evaluate(tasks, config.evaluate.steps);
    table = summarize(losses, tasks.ids());
    code = std::max(code, failure_code(table, config.evaluate.max_failed_share));
  }
  if (options.common.json) {
    const nlohmann::ordered_json result = {{"run", folder.string()},
                                           {"iterations", summary.iteration},
                                           {"tasks_seen", summary.tasks_seen},
                                           {"tasks_failed", summary.tasks_failed},
                                           {"evaluation", json_table(table)}};
    std::printf("%s\n", result.dump().c_str());
  } else if (!options.common.quiet) {
    std::printf("%s: %lld iterations, %lld of %lld tasks failed on the way\n", folder.string().c_str(),
                static_cast<long long>(summary.iteration), static_cast<long long>(summary.tasks_failed),
                static_cast<long long>(summary.tasks_seen));
    if (!table.empty())
      std::printf("query loss on test tasks after so many adaptation steps:\n%s", text_table(table).c_str());
  }
  return code;
}

}  // namespace

int run_train(const CommandOptions& options) {
  const RunConfig config = resolve_config(options.common);
  if (options.common.print_config) {
    std::fputs(print_config(config).c_str(), stdout);
    return 0;
  }
  if (options.out.empty()) throw InvalidArgument("train: --out RUN is needed");
  const Context context = make_context(config);
  return in_precision(context, [&]<class Real>(Real) { return train_in<Real>(options, config, context); });
}

}  // namespace shoal::cli
