// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include <shoal/error.hpp>

#include "cli/failed_tasks.hpp"
#include "cli/idle_overrides.hpp"
#include "cli/opened_data.hpp"
#include "cli/prediction_file.hpp"
#include "cli/print_json.hpp"
#include "cli/summary_table.hpp"

namespace shoal::cli {
namespace {

/// Which tasks are looked at, and how a table is to be read for that.
struct View {
  std::string phase;          ///< train, validation, test or all
  Phases phases;              ///< of a table
  Phase asked = Phase::test;  ///< of the source
  bool picks = false;         ///< tasks are picked by their phase in the run
};

/// The run's own data keeps the run's split. Other data is new as a whole; a phase that is asked for picks
/// those of its tasks that the run has seen in it (test: and those that it has not seen at all).
View view_of(const CommandOptions& options, const TrainedModel& model) {
  const bool all = options.phase == "all";
  const Phase asked = options.phase.empty() || all ? Phase::test : phase_from_string(options.phase, ", all");
  const bool is_file =
      options.data.empty() ? model.trained.tasks.source == "file" : is_task_file(options.data);
  const bool own = options.data.empty() || is_own_data(options, model);
  if (is_file && own) return {"all", Phases::all_test};
  if (own && !all) return {to_string(asked), Phases::split, asked};
  if (options.data.empty() && model.trained.tasks.source != "table")
    throw InvalidArgument("evaluate: --phase all: there is no end of generated tasks; choose one phase");
  if (options.phase.empty() || all) return {"all", Phases::all_test};
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
                    std::to_string(tasks.size()) + " tasks was in that phase of the run");
  return tasks.select(places);
}

/// The tasks that the model was trained on, in order of name.
std::vector<std::string> trained_names(const OpenedData& data, std::span<const std::int64_t> ids) {
  std::vector<std::string> names;
  for (const std::int64_t id : ids)
    if (data.run.trained_on(id)) names.push_back(task_name(data.source->key_of(id), id));
  std::sort(names.begin(), names.end());
  return names;
}

void tell_trained_on(const OpenedData& data, const std::vector<std::string>& trained, std::size_t tasks) {
  if (trained.empty()) return;
  const std::string file = data.file.empty() ? "" : data.file + ": ";
  if (trained.size() == tasks)
    std::fprintf(stderr, "shoal: %sthe model was trained on these tasks\n", file.c_str());
  else
    std::fprintf(stderr, "shoal: %sthe model was trained on %zu of these %zu tasks: %s\n", file.c_str(),
                 trained.size(), tasks, first_of(trained, trained.size()).c_str());
}

}  // namespace

int run_evaluate(const CommandOptions& options) {
  if (!options.predictions.empty()) require_parent_folder(options.predictions);
  const TrainedModel model = open_trained(options);
  const View view = view_of(options, model);
  check_overrides(options, model, {.command = Command::evaluate, .splits = view.phases == Phases::split});
  OpenedData data = open_data(options, model, TargetsNeeded::everywhere, view.phases);
  if (!options.predictions.empty())
    require_other_file(options.predictions, {data.file, model.file.native(), options.common.config});
  report_left_out(data, options.common);
  const Context context = make_context(model.config);
  const std::vector<int> steps = options.steps.empty() ? model.config.evaluate.steps : options.steps;
  return in_precision(context, [&]<class Real>(Real) {
    const auto learner = naming_file(data, [&] { return open_learner<Real>(context, model, *data.source); });
    const auto tasks =
        picked(data, evaluation_tasks<Real>(*data.source, view.asked, model.config.evaluate.tasks), view);
    const auto losses =
        losses_in_user_units(model.config.loss.kind, data.source->target_units(),
                             naming_file(data, [&] { return learner.evaluate(tasks, steps); }));
    auto summaries = summarize(losses, tasks.ids());
    name_failures(summaries, *data.source);
    if (!options.predictions.empty()) {
      if (!data.table && !data.tasks) data.tasks = tasks;
      PredictionTable table(data, model, learner.options().model.outputs);
      write_predictions<Real>(
          options.predictions, table, learner, tasks, losses.steps,
          [&](const BasicTaskBatch<Real>& batch, int count) { return learner.adapt(batch, count); });
    }
    const auto trained = trained_names(data, tasks.ids());
    if (!options.common.quiet) tell_trained_on(data, trained, tasks.ids().size());
    if (options.common.json) {
      nlohmann::ordered_json report = {{"model", model.file.string()},
                                       {"backend", context.backend_name()},
                                       {"data", data.file},
                                       {"phase", view.phase},
                                       {"trained_on", nullptr},
                                       {"trained_on_tasks", nullptr},
                                       {"left_out", left_out_json(data)},
                                       {"steps", losses.steps},
                                       {"summary", json_table(summaries)},
                                       {"tasks", json_losses(losses, tasks.ids(), data)}};
      if (data.run.known()) {
        report["trained_on"] = !trained.empty();
        report["trained_on_tasks"] = trained.size();
      }
      if (!options.predictions.empty()) report["predictions"] = options.predictions;
      print_json(report);
    } else {
      std::fputs(text_table(summaries).c_str(), stdout);
    }
    require_few_failures(summaries, model.config.evaluate.max_failed_share);
    return 0;
  });
}

}  // namespace shoal::cli
