// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "report/page_text.hpp"
#include "report/sections.hpp"

namespace shoal::report {
namespace {

std::string difference_text(const MeanComparison& difference) {
  return "difference " + number_text(difference.mean) +
         ", t = " + (difference.t ? fixed_text(*difference.t, 2) : std::string("-")) +
         (difference.p
              ? ", p " + (*difference.p < 0.001 ? p_text(*difference.p) : "= " + p_text(*difference.p))
              : "");
}

std::string loss_name(const Evidence& evidence) {
  return std::string(to_string(evidence.config.loss.kind));
}

}  // namespace

std::string verdict_of(const Evidence& evidence) {
  const ModelLine* model = model_of(evidence);
  if (!model)
    return "Nothing could be compared: there is no task that every line of the table has a forecast for.";
  const ModelLine* best = best_baseline_of(evidence);
  if (!best)
    return "There is no baseline to compare the model with, so nothing says whether it is worth its cost.";
  const std::string name = name_text(best->name);
  const ModelComparison* compared = against(*model, best->name);
  if (!compared)
    return "The best baseline is " + name + " with a mean loss of " + number_text(best->loss) +
           "; the model has " + number_text(model->loss) + ".";
  const MeanComparison& difference = compared->difference;
  const std::string figures = " (mean loss " + number_text(model->loss) + " against " +
                              number_text(best->loss) + "; " + difference_text(difference) + ").";
  if (difference.mean < 0.0)
    return is_significant(difference)
               ? "The model is significantly better than " + name + ", the best baseline" + figures
               : "The model is not significantly better than " + name + ", the best baseline" + figures;
  if (is_significant(difference))
    return "The baseline " + name + " wins: the model is significantly worse" + figures;
  return "The baseline " + name + " wins: the model is not significantly better than " + name + figures;
}

Section summary_section(const Evidence& evidence) {
  Section section{"summary", "Summary"};
  section.say(verdict_of(evidence));
  const ModelLine* model = model_of(evidence);
  if (!model) return section;
  std::string measured = "Measured on " + counted(model->rows, "forecast", "forecasts") + " of " +
                         counted(model->keys, "key", "keys");
  const ForecastRows& rows = evidence.rows;
  if (!rows.times.empty())
    measured += " from " + name_text(rows.times.front()) + " to " + name_text(rows.times.back());
  section.say(measured + ", all of them " +
              (!evidence.is_backtest  ? "of the phase " + evidence.phase
               : deals_keys(evidence) ? "made by models that had not seen the key"
                                      : "made before the outcome was known") +
              ". The loss is " + loss_name(evidence) + "; smaller is better.");
  for (const std::string& name : evidence.combinations)
    if (const ModelComparison* compared = against(*model, name))
      section.say("The model minus the combination " + name_text(name) + ": " +
                  difference_text(compared->difference) + ".");
  if (evidence.gate)
    section.say("The gate decided \"" + std::string(to_string(evidence.gate->decision)) +
                "\": " + evidence.gate->reason + (evidence.gate->reason.ends_with(".") ? "" : "."));
  Table table{"lines",
              "Mean loss of every line",
              {{"name", "line"}, {"loss", "mean loss"}, {"half_width", "± 95 %"}},
              {}};
  for (const ModelLine& line : evidence.models)
    table.rows.push_back({name_of_line(line.name, line.steps) + (line.selected ? " (in use)" : ""), line.loss,
                          line.half_width});
  cut_rows(table, 50);
  if (!evidence.models.empty()) table.note = "Interval: " + evidence.models.front().interval + ".";
  section.blocks.emplace_back(table);
  return section;
}

}  // namespace shoal::report
