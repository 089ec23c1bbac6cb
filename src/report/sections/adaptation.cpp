// SPDX-License-Identifier: Apache-2.0
#include "report/page_text.hpp"
#include "report/sections.hpp"

namespace shoal::report {

Section adaptation_section(const Evidence& evidence) {
  Section section{"adaptation", "Adaptation"};
  if (evidence.steps.empty()) {
    section.say("No task is good after every number of steps, so the steps cannot be compared.");
    return section;
  }
  section.say(
      "The loss of " + counted(evidence.steps.front().tasks, "task", "tasks") +
      " that are good after every number of adaptation steps: a mean over the tasks that survive alone would "
      "flatter, because the hard ones fail.");
  Table table{"steps",
              "Loss of the tasks by adaptation steps",
              {{"steps", "steps"},
               {"tasks", "tasks"},
               {"mean", "mean"},
               {"median", "median"},
               {"p95", "95 % quantile"},
               {"worst", "mean of the worst 5 %"},
               {"failed", "failed tasks"}},
              {}};
  Chart chart{"by_steps", "Loss of the tasks by adaptation steps", "adaptation steps", "loss", Shape::line};
  chart.series = {{"mean", {}, {}}, {"95 % quantile", {}, {}}, {"worst 5 %", {}, {}}};
  std::int64_t failed = 0;
  for (const StepFacts& facts : evidence.steps) {
    table.rows.push_back({std::int64_t{facts.steps}, facts.tasks, facts.mean, facts.median, facts.p95,
                          facts.worst, facts.failed});
    const double values[] = {facts.mean, facts.p95, facts.worst};
    for (std::size_t i = 0; i < 3; ++i) {
      chart.series[i].x.push_back(facts.steps);
      chart.series[i].y.push_back(values[i]);
    }
    failed = std::max(failed, facts.failed);
  }
  section.blocks.emplace_back(std::move(chart));
  section.blocks.emplace_back(std::move(table));
  if (failed == 0) section.say("No task failed.");
  for (const std::string& failure : evidence.failures) section.warn("Failed: " + failure + ".");
  const ModelLine* model = model_of(evidence);
  if (!model) return section;
  for (const ModelComparison& comparison : model->against)
    if (comparison.other.starts_with("model, "))
      section.say("Adaptation (" + name_of_line(model->name, model->steps) + ", minus " +
                  name_text(comparison.other) + "): " + number_text(comparison.difference.mean) + ", t = " +
                  (comparison.difference.t ? fixed_text(*comparison.difference.t, 2) : std::string("-")) +
                  (is_significant(comparison.difference)
                       ? (comparison.difference.mean < 0.0 ? ": it helps significantly."
                                                           : ": it harms significantly.")
                       : ": not significant."));
  return section;
}

}  // namespace shoal::report
