// SPDX-License-Identifier: Apache-2.0
#include "report/page_text.hpp"
#include "report/sections.hpp"

namespace shoal::report {
namespace {

Table table_of_statistics(const Heterogeneity& found) {
  Table table{"statistics",
              "How much the meta-train tasks differ",
              {{"what", "what differs"},
               {"statistic", "statistic"},
               {"value", "value"},
               {"df", "degrees of freedom"},
               {"tasks", "tasks"},
               {"p", "p", Show::p_value},
               {"tau2", "tau²"}},
              {}};
  table.rows.push_back({std::string("intercepts"), std::string("q"), found.bias.q, found.bias.df, found.tasks,
                        value_of(found.bias.p), value_of(found.bias.tau2)});
  table.rows.push_back({std::string("coefficients"), std::string("z"), value_of(found.slopes.z),
                        std::monostate{}, found.slopes.tasks, value_of(found.slopes.p),
                        value_of(found.slopes.tau2)});
  table.note = "A p below 0.001 counts. tau² is the variance between tasks.";
  return table;
}

void add_folds(const Evidence& evidence, Section& section) {
  std::int64_t all = 0, bias = 0, pooled = 0;
  for (const FoldFacts& fold : evidence.folds) {
    all += fold.gate == "all" ? 1 : 0;
    bias += fold.gate == "bias" ? 1 : 0;
    pooled += fold.gate == "pooled" ? 1 : 0;
  }
  if (all + bias + pooled == 0) return;
  Table table{"gates",
              "Decisions of the gate over folds and seeds",
              {{"decision", "decision"}, {"models", "models"}},
              {}};
  for (const auto& [name, count] :
       {std::pair{"all", all}, std::pair{"bias", bias}, std::pair{"pooled", pooled}})
    table.rows.push_back({std::string(name), count});
  section.blocks.emplace_back(std::move(table));
}

std::string ended(const std::string& sentence) {
  return sentence.ends_with(".") ? sentence : sentence + ".";
}

}  // namespace

Section heterogeneity_section(const Evidence& evidence) {
  Section section{"heterogeneity", "Heterogeneity and gate"};
  if (evidence.heterogeneity) {
    const Heterogeneity& found = *evidence.heterogeneity;
    section.say("Advice: " + std::string(to_string(found.advice)) + ". " + ended(found.reason));
    if (evidence.is_backtest) section.say("The statistics are those of the last fold.");
    section.blocks.emplace_back(table_of_statistics(found));
  } else {
    section.say(evidence.no_heterogeneity.empty() ? "Nothing is known of the meta-train tasks."
                                                  : evidence.no_heterogeneity);
  }
  if (evidence.gate) {
    const GateReport& gate = *evidence.gate;
    section.say("The gate decided \"" + std::string(to_string(gate.decision)) + "\": " + ended(gate.reason));
    if (gate.trial)
      section.say("Trial on " + counted(gate.trial->tasks, "validation task", "validation tasks") +
                  ": loss " + number_text(gate.trial->all_loss) + " when everything adapts, " +
                  number_text(gate.trial->bias_loss) + " when the intercept alone does (t = " +
                  (gate.trial->t ? fixed_text(*gate.trial->t, 2) : std::string("-")) + ").");
  } else if (evidence.config.gate == Gate::off) {
    section.say("The gate is off (algorithm.gate): every task adapts, whatever the statistics say.");
  }
  add_folds(evidence, section);
  return section;
}

}  // namespace shoal::report
