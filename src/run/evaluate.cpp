// SPDX-License-Identifier: Apache-2.0
#include "run/evaluate.hpp"

#include <algorithm>

#include <shoal/counted.hpp>
#include <shoal/error.hpp>
#include <shoal/failed_tasks.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/row_groups.hpp>
#include <shoal/tensor_file.hpp>

#include "core/float_environment.hpp"
#include "run/baseline_outputs.hpp"
#include "run/gated_learner.hpp"
#include "run/model_metrics.hpp"
#include "run/not_read.hpp"
#include "run/opened_data.hpp"
#include "run/opened_run.hpp"
#include "run/precision.hpp"
#include "run/prediction_output.hpp"
#include "run/run_data.hpp"
#include "run/task_names.hpp"
#include "run/unused_overrides.hpp"

namespace shoal {
namespace {

/// Which tasks to evaluate, and how to open the data for that.
struct View {
  std::string phase;          ///< train, validation, test or all
  Phases phases;              ///< how a table is split
  Phase asked = Phase::test;  ///< the phase whose tasks the source is asked for
  bool picks = false;         ///< select tasks by the phase that they had in the run
};

/// The run's own data keep the run's split. All tasks of other data are test tasks of their source. When the
/// caller asks for a phase, those tasks are selected that had this phase in the run; for `test`, also the
/// tasks that the run has not seen.
View view_of(const EvaluateOptions& options, const TrainedModel& model) {
  const bool all = options.all_phases;
  const Phase asked = all ? Phase::test : options.phase.value_or(Phase::test);
  const TaskSourceKind trained = model.trained.tasks.source;
  const bool given = is_given(options.data);
  const bool is_file = given ? holds_tasks(options.data) : trained == TaskSourceKind::file;
  const bool own = !given || is_own_data(options.data, model);
  if (is_file && own) return {"all", Phases::all_test};
  if (own && !all) return {to_string(asked), Phases::split, asked};
  if (!given && trained != TaskSourceKind::table)
    throw InvalidArgument("evaluate: --phase all: a generator has no last task; choose one phase");
  if (!options.phase || all) return {"all", Phases::all_test};
  return {to_string(asked), Phases::all_test, Phase::test, true};
}

template <class Real>
BasicTaskBatch<Real> picked(const OpenedData& data, BasicTaskBatch<Real> tasks, const View& view) {
  if (!view.picks) return tasks;
  std::vector<std::int64_t> places;
  for (std::int64_t t = 0; t < tasks.size(); ++t) {
    const std::string phase = data.run.phase_of(tasks.ids()[static_cast<std::size_t>(t)]);
    if (phase == view.phase || (phase == "new" && view.phase == "test")) places.push_back(t);
  }
  if (places.empty())
    throw DataError(data.file + ": no tasks in phase " + view.phase + ": none of the " +
                    counted(tasks.size(), "task", "tasks") + " was in that phase of the run");
  return tasks.select(places);
}

/// Tells which of the tasks the model was trained on, in order of name.
void tell_trained_on(const OpenedData& data, std::span<const std::int64_t> ids, const Notify& notify) {
  std::vector<std::string> names;
  for (const std::int64_t id : ids)
    if (data.run.trained_on(id)) names.push_back(task_name(data.source->key_of(id), id));
  if (names.empty()) return;
  std::sort(names.begin(), names.end());
  const std::string text =
      (data.file.empty() ? "" : printable(data.file, data.file.size()) + ": ") + "the model was trained on ";
  if (names.size() == ids.size())
    tell_note(notify, text + "these tasks");
  else
    tell_note(notify, text + std::to_string(names.size()) + " of these " + std::to_string(ids.size()) +
                          " tasks: " + first_of(names, names.size()));
}

/// The baselines' outputs for the same tasks. What they learn, they learn from the run's own meta-train
/// tasks.
std::vector<BaselineOutputs> baselines_beside(const OpenedRun& run, const BaselineRequest& request,
                                              const EvaluateOptions& options, const View& view,
                                              const OpenedData& data) {
  if (!request.any()) return {};
  const FloatEnvironment environment;
  const TrainedModel& model = run.model;
  const OpenedData train = open_data({}, model, TargetsNeeded::everywhere, Phases::split, Phase::train,
                                     is_given(options.data) ? run.options.notify : Notify{});
  const TaskBatch64 tasks =
      picked(data, evaluation_tasks<double>(*data.source, view.asked, model.config.evaluate.tasks), view);
  return baseline_outputs(request, model, data, train, tasks, run.context(), run.options.notify);
}

/// The groups of the measured rows, as --by names them.
MeasuredGroups groups_of(const MeasuredRows& measured, const EvaluateOptions& options,
                         const OpenedData& data) {
  const auto* memory = std::get_if<MemoryTable>(&options.data);
  RowGroups groups =
      memory ? group_rows(*memory, data.options, options.by) : group_rows(data.options, options.by);
  MeasuredGroups result{options.by, std::move(groups.names), {}};
  result.of_row.reserve(measured.row.size());
  for (const std::int32_t row : measured.row)
    result.of_row.push_back(groups.of_row[static_cast<std::size_t>(row)]);
  return result;
}

/// The ids of the tasks that are good after every number of steps and that every baseline has a forecast of.
template <class Real>
std::vector<std::int64_t> measured_ids(const BasicTaskBatch<Real>& tasks, const StepLosses<double>& losses,
                                       const std::vector<BaselineOutputs>& baselines) {
  std::vector<std::int64_t> ids =
      in_all(baselines, good_everywhere(losses, tasks.ids().size()), tasks.query().row_starts);
  for (std::int64_t& id : ids) id = tasks.ids()[static_cast<std::size_t>(id)];
  return ids;
}

template <class Real>
Evaluation evaluate_in(const OpenedRun& run, const EvaluateOptions& options, const View& view,
                       OpenedData data, const SeeEvaluated& see) {
  const TrainedModel& model = run.model;
  const std::vector<int>& steps = options.steps.empty() ? model.config.evaluate.steps : options.steps;
  const auto learner =
      naming_file(data, [&] { return open_learner<Real>(run.context(), model, *data.source); });
  const auto tasks =
      picked(data, evaluation_tasks<Real>(*data.source, view.asked, model.config.evaluate.tasks), view);
  const GatedLearner<Real> gated(learner, model.gate);
  Evaluation evaluation;
  evaluation.losses = losses_in_user_units(model.config.loss.kind, data.source->target_units(),
                                           naming_file(data, [&] { return gated.evaluate(tasks, steps); }));
  evaluation.summary = summarize(evaluation.losses, tasks.ids());
  name_failures(evaluation.summary, *data.source);
  const auto adapt = [&](const auto& batch, int count) { return gated.adapt(batch, count); };
  const std::vector<BaselineOutputs> baselines =
      baselines_beside(run, {options.baselines, options.compare}, options, view, data);
  MeasuredLines lines = lines_to_measure(learner, adapt, data, tasks, evaluation.losses, model.config,
                                         adaptation_steps(std::nullopt, model), baselines);
  if (see && !lines.lines.empty()) see(data, measured_ids(tasks, evaluation.losses, baselines), lines);
  if (!options.by.empty())
    evaluation.groups = measure_groups(lines.rows, lines.lines, groups_of(lines.rows, options, data));
  evaluation.models = measure_lines(std::move(lines.rows), std::move(lines.lines));
  if (!options.predictions.empty()) {
    if (!data.table && !data.tasks) data.tasks = tasks;
    PredictionTable table(data, model, learner.options().model.outputs);
    write_prediction_file<Real>(options.predictions, {table, learner, tasks, evaluation.losses.steps, adapt});
  }
  evaluation.backend = run.context().backend_name();
  evaluation.data = data.report();
  evaluation.phase = view.phase;
  evaluation.max_failed_share = model.config.evaluate.max_failed_share;
  evaluation.gate = model.gate;
  evaluation.tasks.reserve(tasks.ids().size());
  for (const std::int64_t id : tasks.ids()) evaluation.tasks.push_back(data.reported(id));
  if (data.run.known())
    evaluation.trained_on_tasks =
        std::count_if(evaluation.tasks.begin(), evaluation.tasks.end(),
                      [](const ReportedTask& task) { return task.trained_on.value_or(false); });
  tell_trained_on(data, tasks.ids(), run.options.notify);
  return evaluation;
}

}  // namespace

Evaluation evaluate_run(const OpenedRun& run, const EvaluateOptions& options) {
  return evaluate_run(run, options, {});
}

Evaluation evaluate_run(const OpenedRun& run, const EvaluateOptions& options, const SeeEvaluated& see) {
  require_known({options.baselines, options.compare});
  const View view = view_of(options, run.model);
  check_overrides(run.options, run.model,
                  {.use = RunUse::evaluate,
                   .data = options.data,
                   .steps = options.steps,
                   .splits = view.phases == Phases::split});
  OpenedData data = open_data(options.data, run.model, TargetsNeeded::everywhere, view.phases, view.asked,
                              run.options.notify);
  if (!options.predictions.empty())
    require_not_read(options.predictions, {data.file, run.model.file.string(), run.options.config.string()});
  if (!options.by.empty() && !data.table)
    throw InvalidArgument("--by " + quoted_text(options.by) + ": the tasks are no rows of a table");
  tell_left_out(data, run.options.notify);
  return in_precision(run.context(), [&]<class Real>(Real) {
    return evaluate_in<Real>(run, options, view, std::move(data), see);
  });
}

void require_few_failures(const Evaluation& evaluation) {
  require_few_failures(evaluation.summary, evaluation.max_failed_share);
}

}  // namespace shoal
