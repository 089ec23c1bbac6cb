// SPDX-License-Identifier: Apache-2.0
#include <shoal/explain.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/target_units.hpp>
#include <shoal/tensor_file.hpp>

#include "core/float_environment.hpp"
#include "run/csv_text.hpp"
#include "run/explain_groups.hpp"
#include "run/gated_learner.hpp"
#include "run/learner_options.hpp"
#include "run/meta_train_rows.hpp"
#include "run/not_read.hpp"
#include "run/opened_data.hpp"
#include "run/opened_run.hpp"
#include "run/precision.hpp"
#include "run/prediction_table.hpp"
#include "run/run_data.hpp"
#include "run/shapley.hpp"
#include "run/task_report.hpp"
#include "run/unused_overrides.hpp"

namespace shoal {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t most_reasons = 4;

/// The output that is explained.
struct ExplainedOutput {
  std::size_t place = 0;  ///< among the network's outputs
  std::string name;
};

ExplainedOutput explained_output(const TrainedModel& model, int outputs) {
  const LossKind loss = model.config.loss.kind;
  const std::string& wanted = model.config.explain.class_name;
  if (loss != LossKind::softmax) {
    if (!wanted.empty())
      throw InvalidArgument("explain.class: only loss softmax has classes, this is " +
                            std::string(to_string(loss)));
    return {0, loss == LossKind::bce ? "log-odds" : loss == LossKind::qlike ? "log-variance" : "output_0"};
  }
  std::string known;
  for (int place = 0; place < outputs; ++place) {
    const auto at = static_cast<std::size_t>(place);
    const bool has_name = model.preprocessing && at < model.preprocessing->labels.size();
    const std::string name = has_name ? model.preprocessing->labels[at] : std::to_string(place);
    if (name == wanted) return {at, "output_" + std::to_string(place)};
    known += (known.empty() ? "" : ", ") + printable(name);
  }
  throw InvalidArgument("explain.class: names the class whose output is explained, one of " + known +
                        (wanted.empty() ? "" : "; there is no class " + quoted_text(wanted)));
}

/// The mean of each input over the meta-train rows.
std::vector<double> mean_row(const OpenedRun& run) {
  const TrainedModel& model = run.model;
  const std::string& path = model.config.tasks.table.path;
  if (!is_generated(model.config.tasks.source) &&
      (path.empty() || !std::filesystem::exists(table_files(path).front())))
    throw DataError((path.empty() ? model.file.string() : path) +
                    ": explain needs the data that the model was trained on, for the mean of its rows, and "
                    "they are not there; tasks.path says where they are");
  const OpenedData train =
      open_data({}, model, TargetsNeeded::everywhere, Phases::split, Phase::train, Notify{});
  const MetaTrainRows all =
      naming_file(train, [&] { return meta_train_rows(*train.source, model.config.evaluate.tasks); });
  const auto inputs = static_cast<std::size_t>(all.columns.inputs);
  std::vector<double> mean(inputs, 0.0);
  for (std::size_t i = 0; i < all.rows.x.size(); ++i) mean[i % inputs] += all.rows.x[i];
  const auto rows = static_cast<double>(all.rows.row_starts.back());
  for (double& value : mean) value /= rows;
  return mean;
}

/// One query row with its explanation.
struct ExplainedRow {
  std::size_t rank;
  std::pair<std::int32_t, std::int64_t> time_and_row;
  std::size_t task;
  std::int64_t query;
  double base, output, move;
  std::vector<double> phi;
  auto order() const { return std::tie(rank, time_and_row, task); }
};

/// Divides outputs of one network among groups of its inputs, in double.
class Divider {
 public:
  Divider(const TrainedModel& model, const ModelSpec& shape, const TaskSource& source,
          std::vector<ExplainGroup> groups, std::vector<double> mean, std::size_t output)
      : loss_(model.config.loss),
        units_(source.target_units()),
        columns_{source.columns().inputs, source.columns().targets, 0},
        groups_(std::move(groups)),
        mean_(std::move(mean)),
        output_(output),
        context_(ContextOptions{.backend = BackendKind::reference}),
        learner_(context_, learner_options<double>(model.config, shape, source),
                 [](const ParameterLayout& layout, const RateLayout& rates) {
                   return MetaParameters<double>{std::vector<double>(layout.size()),
                                                 std::vector<double>(rates.size())};
                 }) {}

  const std::vector<ExplainGroup>& groups() const { return groups_; }

  /// `phi`: parameters of the network; `x`: a row of inputs; `offset`: added to the outputs, or empty. The
  /// offset is part of every coalition, and so of the base.
  void explain(std::vector<double> phi, std::span<const double> x, std::span<const double> offset,
               ExplainedRow& row) {
    const std::size_t coalitions = std::size_t{1} << groups_.size(), inputs = mean_.size();
    std::vector<double> rows;
    rows.reserve(coalitions * inputs);
    for (std::size_t coalition = 0; coalition < coalitions; ++coalition) {
      rows.insert(rows.end(), mean_.begin(), mean_.end());
      double* const values = rows.data() + coalition * inputs;
      for (std::size_t g = 0; g < groups_.size(); ++g)
        if (((coalition >> g) & 1U) != 0)
          for (const std::size_t input : groups_[g].inputs) values[input] = x[input];
    }
    const std::array<std::int64_t, 2> starts = {0, static_cast<std::int64_t>(coalitions)};
    const TaskSet<double> set{.x = rows, .row_starts = starts};
    std::vector<double> outputs = learner_.predict({std::move(phi), {TaskStatus::good}, {-1}}, set, columns_);
    const std::size_t width = outputs.size() / coalitions;
    if (!offset.empty())
      for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i] += offset[i % width];
    outputs_to_user_units(loss_, units_, std::span(outputs));
    std::vector<double> worth(coalitions);
    for (std::size_t coalition = 0; coalition < coalitions; ++coalition)
      worth[coalition] = outputs[coalition * width + output_];
    row.base = worth.front();
    row.output = worth.back();
    row.phi = shapley_values(worth);
  }

 private:
  Loss loss_;
  TargetUnits units_;
  TaskColumns columns_;
  std::vector<ExplainGroup> groups_;
  std::vector<double> mean_;
  std::size_t output_;
  Context context_;
  MetaLearner64 learner_;
};

/// The names of the file's columns before the explanation. A key that has the name of another column gets the
/// prefix "key.".
std::string header(const std::vector<std::string>& keys, const std::vector<ExplainGroup>& groups) {
  std::vector<std::string> names = {"task", "task_id", "row", "time", "phase", "steps", "base", "output"};
  names.reserve(names.size() + groups.size() + most_reasons + 1);
  for (const ExplainGroup& group : groups) names.push_back("phi_" + group.name);
  for (std::size_t i = 1; i <= most_reasons; ++i) names.push_back("reason_" + std::to_string(i));
  names.emplace_back("move");
  std::set<std::string> taken(names.begin(), names.end());
  std::string text;
  for (std::string key : keys) {
    while (!taken.insert(key).second) key = "key." + key;
    text += csv_text(key) + ",";
  }
  for (std::size_t i = 0; i < names.size(); ++i) text += (i > 0 ? "," : "") + csv_text(names[i]);
  return text + "\n";
}

/// The groups that raise the output most, the largest first.
std::string reasons(const std::vector<double>& phi, const std::vector<ExplainGroup>& groups) {
  std::vector<std::size_t> order;
  for (std::size_t g = 0; g < phi.size(); ++g)
    if (phi[g] > 0.0) order.push_back(g);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return phi[a] > phi[b]; });
  std::string text;
  for (std::size_t i = 0; i < most_reasons; ++i)
    text += "," + (i < order.size() ? csv_text(groups[order[i]].reason) : "");
  return text;
}

template <class Real>
class Explanation {
 public:
  Explanation(const OpenedRun& run, const OpenedData& data, int steps)
      : run_(run),
        data_(data),
        steps_(steps),
        learner_(
            naming_file(data, [&] { return open_learner<Real>(run.context(), run.model, *data.source); })),
        tasks_(data.source->evaluation64(Phase::test, run.model.config.evaluate.tasks)) {}

  int outputs() const { return learner_.options().model.outputs; }
  const ModelSpec& shape() const { return learner_.options().model; }
  const TaskBatch64& tasks() const { return tasks_; }

  /// All rows in the order of the file.
  std::vector<ExplainedRow> rows(const PredictionTable& table, Divider& divider) {
    const BasicTaskBatch<Real> batch =
        evaluation_tasks<Real>(*data_.source, Phase::test, run_.model.config.evaluate.tasks);
    const GatedLearner<Real> gated(learner_, run_.model.gate);
    const std::vector<std::size_t> ranks = table.ranks(tasks_.ids());
    std::vector<ExplainedRow> rows;
    rows.reserve(static_cast<std::size_t>(tasks_.query().total_rows()));
    const auto most = static_cast<std::int64_t>(
        std::max<std::size_t>(16, (std::size_t{64} << 20) / (learner_.layout().size() * sizeof(Real))));
    for (std::int64_t first = 0; first < tasks_.size(); first += most) {
      std::vector<std::int64_t> places(static_cast<std::size_t>(std::min(most, tasks_.size() - first)));
      std::iota(places.begin(), places.end(), first);
      const FastWeights<Real> fast =
          naming_file(data_, [&] { return gated.adapt(batch.select(places), steps_); });
      for (std::size_t i = 0; i < places.size(); ++i)
        add_task(static_cast<std::size_t>(places[i]), fast, i, table, ranks, divider, rows);
    }
    std::sort(rows.begin(), rows.end(),
              [](const ExplainedRow& a, const ExplainedRow& b) { return a.order() < b.order(); });
    return rows;
  }

  TaskReport report() { return task_report(run_, data_, tasks_, std::move(failures_)); }

 private:
  void add_task(std::size_t task, const FastWeights<Real>& fast, std::size_t place,
                const PredictionTable& table, const std::vector<std::size_t>& ranks, Divider& divider,
                std::vector<ExplainedRow>& rows) {
    const auto& theta = learner_.parameters().theta;
    const auto begin = fast.phi.begin() + static_cast<std::ptrdiff_t>(place * theta.size());
    const std::vector<double> phi(begin, begin + static_cast<std::ptrdiff_t>(theta.size()));
    const bool good = fast.status[place] == TaskStatus::good;
    double move = good ? 0.0 : nan;
    for (std::size_t p = 0; good && p < phi.size(); ++p)
      move = std::max(move, std::abs(phi[p] - static_cast<double>(theta[p])));
    const std::int64_t id = tasks_.ids()[task];
    if (!good) failures_.push_back({id, fast.status[place], fast.failed_step[place]});
    const TaskSet<double> query = tasks_.query();
    const auto inputs = static_cast<std::size_t>(tasks_.columns().inputs),
               offsets = static_cast<std::size_t>(tasks_.columns().offsets);
    for (std::int64_t q = 0; q < query.rows(static_cast<std::int64_t>(task)); ++q) {
      rows.push_back({ranks[task], table.time_and_row(id, q), task, q, nan, nan, move,
                      std::vector<double>(divider.groups().size(), nan)});
      if (!good) continue;
      const auto row = static_cast<std::size_t>(query.row_starts[task] + q);
      divider.explain(phi, query.x.subspan(row * inputs, inputs),
                      query.output_offset.subspan(row * offsets, offsets), rows.back());
    }
  }

  const OpenedRun& run_;
  const OpenedData& data_;
  const int steps_;
  const BasicMetaLearner<Real> learner_;
  const TaskBatch64 tasks_;
  std::vector<FailedTask> failures_;
};

/// The lines of the file.
std::string text_of(const std::vector<ExplainedRow>& rows, const TaskBatch64& tasks, PredictionTable& table,
                    const std::vector<std::string>& keys, int steps,
                    const std::vector<ExplainGroup>& groups) {
  std::string text = header(keys, groups);
  const std::vector<double> outputs(static_cast<std::size_t>(table.columns().outputs), nan);
  std::vector<double> responses(table.columns().responses.size());
  for (const ExplainedRow& row : rows) {
    const PredictionRow<double> named =
        table.row<double>(tasks.ids()[row.task], row.query, steps, outputs, std::span(responses));
    for (const std::string& value : named.task.keys) text += csv_text(value) + ",";
    text += csv_text(named.task.name) + "," + std::to_string(named.task.id) + "," +
            std::to_string(named.row) + "," + csv_text(named.time) + "," + named.task.phase + "," +
            std::to_string(steps) + "," + number_text(row.base) + "," + number_text(row.output);
    for (const double phi : row.phi) text += "," + number_text(phi);
    text += reasons(row.phi, groups) + "," + number_text(row.move) + "\n";
  }
  return text;
}

template <class Real>
ExplainReport explain_in(const OpenedRun& run, OpenedData& data, const std::filesystem::path& file,
                         int steps) {
  const TrainedModel& model = run.model;
  Explanation<Real> explanation(run, data, steps);
  if (!data.table && !data.tasks) data.tasks = explanation.tasks();
  const ExplainedOutput output = explained_output(model, explanation.outputs());
  std::vector<ExplainGroup> groups =
      explain_groups(model.config.explain, model.preprocessing, explanation.shape().inputs);
  Divider divider(model, explanation.shape(), *data.source, std::move(groups), mean_row(run), output.place);
  PredictionTable table(data, model, explanation.outputs());
  const std::vector<ExplainedRow> rows = explanation.rows(table, divider);
  write_file(file,
             text_of(rows, explanation.tasks(), table,
                     data.table ? data.options.key : std::vector<std::string>{}, steps, divider.groups()));
  ExplainReport report;
  report.tasks = explanation.report();
  if (steps > 0) report.tasks.without_support = without_support(explanation.tasks());
  report.output = output.name;
  report.groups.reserve(divider.groups().size());
  for (const ExplainGroup& group : divider.groups()) report.groups.push_back(group.name);
  report.steps = steps;
  return report;
}

}  // namespace

ExplainReport explain_run(const OpenedRun& run, const std::filesystem::path& file, const RunData& given,
                          std::optional<int> asked) {
  const FloatEnvironment environment;
  if (run.is_adapted())
    throw InvalidArgument("explain: needs the trained model, not models that have been adapted already");
  const TrainedModel& model = run.model;
  require_not_read(file, {path_in(given), model.file.string(), run.options.config.string(),
                          model.config.tasks.table.path, model.config.explain.reasons});
  const int steps = adaptation_steps(asked, model);
  const std::vector<int> list = asked ? std::vector<int>{*asked} : std::vector<int>{};
  check_overrides(run.options, model, {.use = RunUse::explain, .data = given, .steps = list});
  OpenedData data = open_data(given, model, steps > 0 ? TargetsNeeded::in_support : TargetsNeeded::nowhere,
                              Phases::all_test, Phase::test, run.options.notify);
  tell_left_out(data, run.options.notify);
  if (is_given(given)) tell_changed_data(model, run.options.notify);  // where the mean row comes from
  return in_precision(run.context(),
                      [&]<class Real>(Real) { return explain_in<Real>(run, data, file, steps); });
}

}  // namespace shoal
