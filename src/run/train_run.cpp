// SPDX-License-Identifier: Apache-2.0
#include <shoal/train_run.hpp>

#include <algorithm>
#include <memory>

#include <shoal/config.hpp>
#include <shoal/counted.hpp>
#include <shoal/error.hpp>
#include <shoal/failed_tasks.hpp>
#include <shoal/machine.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/tensor_file.hpp>
#include <shoal/version.hpp>

#include "run/csv_text.hpp"
#include "run/gate.hpp"
#include "run/learner_options.hpp"
#include "run/manifest.hpp"
#include "run/model_metrics.hpp"
#include "run/model_selection.hpp"
#include "run/opened_data.hpp"
#include "run/precision.hpp"
#include "run/task_hash.hpp"
#include "run/task_names.hpp"
#include "run/train_log.hpp"
#include "run/train_options.hpp"

namespace shoal {
namespace {

constexpr std::size_t longest_warning = 500;  // largest number of characters of a warning
constexpr std::int64_t generated_tasks_checked = 25;

/// Reads the parameters of train.warm_start. Empty without a warm start: the learner then draws its
/// parameters.
template <class Real>
typename BasicMetaLearner<Real>::Start start_of(const RunConfig& config) {
  if (config.train.warm_start.empty()) return {};
  return [&config](const ParameterLayout& layout, const RateLayout& rates) {
    return read_parameters<Real>(model_file(config.train.warm_start), layout, rates, MissingRates::start,
                                 inner_loop_of(config.algorithm).learning_rate)
        .parameters;
  };
}

/// Warns of a warm start from targets in other units: the network's first predictions will be wrong.
void warn_of_other_units(const RunConfig& config, const TargetUnits& units, const Notify& notify) {
  if (config.train.warm_start.empty()) return;
  const std::filesystem::path file = model_file(config.train.warm_start);
  const ModelMetadata metadata = read_metadata(file);
  const auto text = metadata.find("preprocessing");
  if (text == metadata.end()) return;
  if (preprocessing_from_json(text->second).target_units == units) return;
  tell_warning(notify, "train.warm_start: the targets of " + printable(file.string()) +
                           " were scaled otherwise than those of this run (tasks.scale_targets)");
}

/// Refuses bad data before anything is written. Of generated tasks, the first ones show whether the loss
/// accepts the targets.
template <class Real>
void refuse_bad_tasks(const BasicMetaLearner<Real>& learner, const OpenedData& data,
                      const RunConfig& config) {
  if (validates(config))
    naming_file(data, [&] { learner.require_trainable(validation_tasks<Real>(*data.source)); });
  for (const Phase phase : {Phase::train, Phase::test}) {
    const auto size = data.source->size(phase);
    if (!size)
      learner.require_trainable(evaluation_tasks<Real>(*data.source, phase, generated_tasks_checked));
    if (size && (*size > 0 || phase == Phase::train))
      naming_file(data,
                  [&] { learner.require_trainable(evaluation_tasks<Real>(*data.source, phase, *size)); });
  }
}

/// One training in its folder. The functions below are its steps, in their order.
template <class Real>
class RunTraining {
 public:
  RunTraining(const RunConfig& config, const std::filesystem::path& folder, const TrainRunOptions& options,
              const Context& context)
      : folder_(folder),
        options_(options),
        context_(context),
        data_(open_source(config, options.tables, options.notify)),
        config_(with_validation(config, data_, options.notify)),
        learner_(context,
                 learner_options<Real>(
                     config_, naming_file(data_, [&] { return model_for(config_, source()); }), source()),
                 start_of<Real>(config_)),
        log_(folder) {}

  TrainReport run() {
    require_gate_fits();
    warn_of_other_units(config_, source().target_units(), options_.notify);
    refuse_bad_tasks(learner_, data_, config_);
    clusters_by_time(config_, data_);  // refuses what cannot be before anything is written
    open_folder();
    tell_data();
    train_on();
    report_.backend = context_.backend_name();
    report_.data = data_.report();
    report_.iterations = config_.train.iterations;
    report_.max_failed_share = config_.evaluate.max_failed_share;
    if (report_.training.outcome == TrainOutcome::stopped) {
      log_.line("stopped by " + options_.stopped_by + " after iteration " +
                std::to_string(report_.training.iteration));
      if (!options_.stopped_model.empty()) write_stopped_model();
      return std::move(report_);
    }
    write_model();
    if (options_.evaluate) evaluate();
    return std::move(report_);
  }

 private:
  const TaskSource& source() const { return *data_.source; }

  /// What cannot be decided at the end is refused at the beginning.
  void require_gate_fits() const {
    if (config_.gate == Gate::automatic && !has_heterogeneity(config_.loss.kind, source().columns()))
      throw InvalidArgument("algorithm.gate: it is for losses bce, mse and qlike with one target");
  }

  void warn(const std::string& warning) {
    tell_warning(options_.notify, printable(warning, longest_warning));
    log_.line("warning: " + warning);
  }

  /// Locks the folder, writes run.json and begins the log. A resume that is refused does not change run.json.
  void open_folder() {
    hashes_ = input_hashes(config_, options_.tables);
    const char* precision = std::is_same_v<Real, double> ? "f64" : "f32";
    const auto keep = [this](const std::string& warning) {
      if (std::find(warnings_.begin(), warnings_.end(), warning) == warnings_.end())
        warnings_.push_back(warning);
    };
    const std::string by_tasks =
        data_.table ? manifest_by_tasks(config_, sha256_of_tasks<Real>(source()), precision) : "";
    store_ = open_run<Real>(folder_, manifest_of(config_, hashes_, precision), learner_.layout(),
                            learner_.rate_layout(), options_.start, keep, by_tasks);
    loop_ = train_options_of(config_);
    if (options_.start == StartFrom::checkpoint)
      if (const auto checkpoint = store_->load()) {
        require_resumable(*checkpoint, loop_);
        from_ = checkpoint->iteration;
      }
    write_file(folder_ / "run.json", run_json(config_, hashes_, context_), Links::refused);
    log_.line((from_ > 0 ? "goes on from iteration " + std::to_string(from_) : "starts") + ": shoal " +
              SHOAL_VERSION + ", " + std::string(context_.backend_name()) + " (" +
              std::string(context_.reason()) + "), " + counted(context_.threads(), "thread", "threads") +
              ", " + std::string(to_string(context_.isa())) + ", " + machine_name());
    for (const std::string& warning : warnings_) warn(warning);
  }

  /// Sends and logs notes about the data.
  void tell_data() {
    // `notify` has received them already
    for (const std::string& warning : data_.warnings) log_.line("warning: " + warning);
    tell_left_out(data_, options_.notify);
    if (!data_.table) return;
    for (const std::string& note : data_.table->notes()) log_.line(note);
    if (const std::string left = left_out_json(data_.table->left_out()); left != "null")
      log_.line("left out of the data: " + left);
    const Preprocessing& preprocessing = data_.table->preprocessing();
    for (const std::string& line : scaling_lines(preprocessing))
      tell_note(options_.notify, printable(data_.file) + ": " + line);
    if (const std::string scaling = scaling_json(preprocessing); scaling != "null")
      log_.line("scaling: " + scaling);
  }

  void train_on() {
    loop_.observer = [this](const TrainMetrics& metrics) {
      if (options_.observer) options_.observer(metrics);
      if (report_.failures.empty()) report_.failures = metrics.failures;
    };
    loop_.validation_observer = options_.validation_observer;
    loop_.stop = options_.stop;
    if (options_.started) options_.started({from_, loop_.iterations, loop_.log_every});
    report_.training =
        naming_file(data_, [this] { return train(learner_, source(), loop_, store_.get(), options_.start); });
    if (options_.ended) options_.ended();
  }

  void write_model() {
    report_.selected_steps = naming_file(data_, [this] { return choose_steps(learner_, data_, config_); });
    const TrainSummary& training = report_.training;
    if (const std::string failed = failed_selection(config_, report_); !failed.empty()) warn(failed);
    if (config_.gate == Gate::automatic) {
      const int steps = report_.selected_steps.value_or(inner_loop_of(config_.algorithm).steps);
      report_.gate = naming_file(data_, [&] { return gate_of(learner_, data_, config_, steps); });
      log_.line("gate: " + std::string(to_string(report_.gate->decision)) + ": " + report_.gate->reason);
    }
    write_model_to(folder_ / "model.safetensors", Links::refused);
    const char* patience =
        training.iteration < config_.train.iterations ? " (train.patience ended the training)" : "";
    log_.line("finished after iteration " + std::to_string(training.iteration) + patience + ": " +
              std::to_string(training.tasks_failed) + " of " + std::to_string(training.tasks_seen) +
              " tasks failed in training; " + describe_selection(report_));
  }

  /// Writes the model of a run that was stopped: that of its last iteration.
  void write_stopped_model() {
    report_.training.selected_iteration = report_.training.iteration;
    report_.training.validation_loss = std::nullopt;
    write_model_to(options_.stopped_model, Links::followed);
  }

  void write_model_to(const std::filesystem::path& file, Links links) const {
    ModelMetadata metadata = metadata_of(config_, hashes_, data_);
    add_selection(report_, metadata);
    if (report_.gate) metadata["gate"] = to_json(*report_.gate);
    write_parameters(file, learner_.layout(), learner_.rate_layout(), learner_.parameters(), metadata, links);
  }

  /// Evaluates the kept model. A task file is not split, so all its tasks are training tasks.
  void evaluate() {
    report_.evaluated_on_training_tasks = config_.tasks.source == TaskSourceKind::file;
    const auto size = source().size(Phase::test);
    if (size && *size == 0) return;
    const auto tasks = evaluation_tasks<Real>(source(), Phase::test, config_.evaluate.tasks);
    const GatedLearner<Real> gated(learner_, report_.gate);
    const auto losses = losses_in_user_units(
        config_.loss.kind, source().target_units(),
        naming_file(data_, [&] { return gated.evaluate(tasks, config_.evaluate.steps); }));
    report_.evaluation = summarize(losses, tasks.ids());
    name_failures(report_.evaluation, source());
    const auto adapt = [&](const auto& batch, int steps) { return gated.adapt(batch, steps); };
    MeasuredLines lines =
        lines_to_measure(learner_, adapt, data_, tasks, losses, config_,
                         report_.selected_steps.value_or(inner_loop_of(config_.algorithm).steps));
    report_.models = measure_lines(std::move(lines.rows), std::move(lines.lines));
  }

  const std::filesystem::path& folder_;
  const TrainRunOptions& options_;
  const Context& context_;
  const OpenedData data_;
  const RunConfig config_;
  BasicMetaLearner<Real> learner_;
  const TrainLog log_;
  InputHashes hashes_;
  std::vector<std::string> warnings_;  ///< warnings of open_run; every load of a checkpoint repeats them
  std::unique_ptr<RunStore<Real>> store_;
  TrainOptions loop_;
  std::int64_t from_ = 0;  ///< iterations that were done before a resume
  TrainReport report_;
};

}  // namespace

TrainReport train_run(const RunConfig& config, const std::filesystem::path& folder,
                      const TrainRunOptions& options) {
  RunConfig located = with_absolute_paths(config);
  if (!options.tables.training.empty()) {
    if (located.tasks.source != TaskSourceKind::table)
      throw InvalidArgument("tasks.source = \"" + std::string(to_string(located.tasks.source)) +
                            "\": a table in memory needs \"table\"");
    located.tasks.table.path.clear();
  }
  const Context context(context_options(located, options.context));
  return in_precision(
      context, [&]<class Real>(Real) { return RunTraining<Real>(located, folder, options, context).run(); });
}

void require_few_failures(const TrainReport& report) {
  const TrainSummary& training = report.training;
  const double failed_share = training.tasks_seen == 0 ? 0.0
                                                       : static_cast<double>(training.tasks_failed) /
                                                             static_cast<double>(training.tasks_seen);
  if (failed_share > report.max_failed_share)
    throw NumericError("in training " +
                       failure_text(training.tasks_failed, training.tasks_seen, report.failures) +
                       "; evaluate.max_failed_share = " + number_text(report.max_failed_share) +
                       " allows no more than that share; metrics.jsonl lists them");
  require_few_failures(report.evaluation, report.max_failed_share);
}

}  // namespace shoal
