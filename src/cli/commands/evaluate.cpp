// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "cli/gate_text.hpp"
#include "cli/model_table.hpp"
#include "cli/print_json.hpp"
#include "cli/session.hpp"
#include "cli/summary_table.hpp"

namespace shoal::cli {
namespace {

EvaluateOptions evaluate_options(const CommandOptions& options) {
  EvaluateOptions evaluate;
  evaluate.data = options.data;
  evaluate.steps = options.steps;
  evaluate.all_phases = options.phase == "all";
  if (!options.phase.empty() && !evaluate.all_phases)
    evaluate.phase = phase_from_string(options.phase, ", all");
  evaluate.predictions = options.predictions;
  evaluate.baselines = options.baselines;
  evaluate.by = options.by;
  for (const std::string& text : options.compare) evaluate.compare.push_back(forecast_file_of(text));
  return evaluate;
}

void print_report(const CommandOptions& options, const Run& run, const Evaluation& evaluation) {
  nlohmann::ordered_json report = {{"model", run.file().string()},
                                   {"backend", evaluation.backend},
                                   {"data", evaluation.data.file},
                                   {"phase", evaluation.phase},
                                   {"trained_on", nullptr},
                                   {"trained_on_tasks", nullptr},
                                   {"left_out", left_out_json(evaluation.data)},
                                   {"steps", evaluation.losses.steps},
                                   {"summary", json_table(evaluation.summary)},
                                   {"models", json_models(evaluation.models)},
                                   {"tasks", json_losses(evaluation)}};
  if (!options.by.empty()) report["groups"] = json_groups(evaluation.groups);
  if (evaluation.trained_on_tasks) {
    report["trained_on"] = *evaluation.trained_on_tasks > 0;
    report["trained_on_tasks"] = *evaluation.trained_on_tasks;
  }
  if (evaluation.gate) report["gate"] = gate_json(evaluation.gate);
  if (!options.predictions.empty()) report["predictions"] = options.predictions;
  print_json(report);
}

}  // namespace

int run_evaluate(const CommandOptions& options) {
  if (!options.predictions.empty()) require_parent_folder(options.predictions);
  const EvaluateOptions evaluate = evaluate_options(options);
  const Run run = open_run(options);
  const std::string& own = run.config().tasks.table.path;
  if (!options.predictions.empty())
    require_other_file(options.predictions, {options.data.empty() ? own : options.data, run.file().string(),
                                             options.common.config});
  const Evaluation evaluation = run.evaluate(evaluate);
  if (options.common.json)
    print_report(options, run, evaluation);
  else
    std::fputs((gate_line(evaluation.gate) + text_table(evaluation.summary) + models_text(evaluation.models) +
                groups_text(evaluation.groups))
                   .c_str(),
               stdout);
  require_few_failures(evaluation);
  return 0;
}

}  // namespace shoal::cli
