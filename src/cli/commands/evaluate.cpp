// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <shoal/error.hpp>

#include "cli/config/config_file.hpp"
#include "cli/session.hpp"
#include "cli/summary_table.hpp"

namespace shoal::cli {
namespace {

Phase phase_from(const std::string& name) {
  for (const Phase phase : {Phase::train, Phase::validation, Phase::test})
    if (name == to_string(phase)) return phase;
  throw InvalidArgument("--phase " + name + ": known: train, validation, test");
}

}  // namespace

int run_evaluate(const CommandOptions& options) {
  const TrainedModel model = open_trained(options);
  if (options.common.print_config) {
    std::fputs(print_config(model.config).c_str(), stdout);
    return 0;
  }
  const OpenedData data = open_data(options.data, model, QueryTargets::required);
  const Context context = make_context(model.config);
  const std::vector<int> steps = options.steps.empty() ? model.config.evaluate.steps : options.steps;
  return in_precision(context, [&]<class Real>(Real) {
    const auto learner = open_learner<Real>(context, model, *data.source);
    const auto tasks =
        evaluation_tasks<Real>(*data.source, phase_from(options.phase), model.config.evaluate.tasks);
    const auto losses = learner.evaluate(tasks, steps);
    const auto summaries = summarize(losses, tasks.ids());
    if (options.common.json) {
      const nlohmann::ordered_json result = {
          {"model", model.file.string()},
          {"steps", losses.steps},
          {"summary", json_table(summaries)},
          {"tasks", json_losses(losses, tasks.ids(), [&](std::int64_t id) { return data.key_of(id); })}};
      std::printf("%s\n", result.dump().c_str());
    } else {
      std::fputs(text_table(summaries).c_str(), stdout);
    }
    return failure_code(summaries, model.config.evaluate.max_failed_share);
  });
}

}  // namespace shoal::cli
