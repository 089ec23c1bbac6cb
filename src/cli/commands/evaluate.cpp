// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <shoal/error.hpp>

#include "cli/opened_data.hpp"
#include "cli/print_json.hpp"
#include "cli/summary_table.hpp"

namespace shoal::cli {

int run_evaluate(const CommandOptions& options) {
  const TrainedModel model = open_trained(options);
  const Phase phase = phase_from_string(options.phase);
  const OpenedData data = open_data(options, model, TargetsNeeded::everywhere);
  report_left_out(data, options.common);
  const bool seen = options.data.empty() && model.config.tasks.source == "file";
  if (seen && !options.common.quiet)
    std::fprintf(stderr, "shoal: %s: a task file is not split: the model was trained on these tasks\n",
                 data.file.c_str());
  const Context context = make_context(model.config);
  const std::vector<int> steps = options.steps.empty() ? model.config.evaluate.steps : options.steps;
  return in_precision(context, [&]<class Real>(Real) {
    const auto learner = naming_file(data, [&] { return open_learner<Real>(context, model, *data.source); });
    const auto tasks = evaluation_tasks<Real>(*data.source, phase, model.config.evaluate.tasks);
    const auto losses =
        losses_in_user_units(model.config.loss.kind, data.source->target_units(),
                             naming_file(data, [&] { return learner.evaluate(tasks, steps); }));
    const auto summaries = summarize(losses, tasks.ids());
    if (options.common.json)
      print_json(
          {{"model", model.file.string()},
           {"backend", context.backend_name()},
           {"data", data.file},
           {"trained_on", seen},
           {"left_out", left_out_json(data)},
           {"steps", losses.steps},
           {"summary", json_table(summaries)},
           {"tasks", json_losses(losses, tasks.ids(), [&](std::int64_t id) { return data.key_of(id); })}});
    else
      std::fputs(text_table(summaries).c_str(), stdout);
    return failure_code(summaries, model.config.evaluate.max_failed_share);
  });
}

}  // namespace shoal::cli
