// SPDX-License-Identifier: Apache-2.0
#include "report/page_text.hpp"
#include "report/sections.hpp"

namespace shoal::report {

Section data_section(const Evidence& evidence) {
  Section section{"data", "Data"};
  const TasksConfig& tasks = evidence.config.tasks;
  std::string what = evidence.file.empty()
                         ? "The tasks come from the generator " + std::string(to_string(tasks.source)) + "."
                         : "The data is " + name_text(evidence.file) + ".";
  if (evidence.inputs > 0) what += " A row has " + counted(evidence.inputs, "input", "inputs") + ".";
  section.say(what);
  if (!evidence.phases.empty()) {
    Table table{"phases",
                evidence.is_backtest ? "Rows of the last fold by phase" : "Rows by phase",
                {{"phase", "phase"},
                 {"tasks", "tasks"},
                 {"keys", "keys"},
                 {"rows", "query rows"},
                 {"from", "from"},
                 {"to", "to"}},
                {}};
    const auto time = [](const std::string& text) {
      return text.empty() ? Value(std::monostate{}) : Value(name_text(text));
    };
    for (const PhaseFacts& phase : evidence.phases)
      table.rows.push_back(
          {phase.phase, phase.tasks, phase.keys, phase.rows, time(phase.from), time(phase.to)});
    section.blocks.emplace_back(table);
  }
  const ForecastRows& rows = evidence.rows;
  if (rows.size() > 0)
    section.say(
        "The figures below are those of " + counted(static_cast<std::int64_t>(rows.size()), "row", "rows") +
        " of " + counted(static_cast<std::int64_t>(rows.keys.size()), "key", "keys") +
        (rows.times.empty()
             ? std::string(".")
             : " at " + counted(static_cast<std::int64_t>(rows.times.size()), "time", "times") + "."));
  if (evidence.left_out_lines.empty()) {
    section.say(evidence.config.tasks.source == TaskSourceKind::table
                    ? "Every row of the table is in a task."
                    : "The data is no table, so no rule leaves rows out.");
    return section;
  }
  Table left{"left_out", "Rows that are in no task", {{"rule", "rule"}, {"rows", "rows"}}, {}};
  for (const LeftOutRule rule : left_out_rules)
    if (evidence.left_out->rows(rule) > 0)
      left.rows.push_back({std::string(to_string(rule)), evidence.left_out->rows(rule)});
  if (!left.rows.empty()) section.blocks.emplace_back(left);
  for (const std::string& line : evidence.left_out_lines) section.say(line + ".");
  return section;
}

}  // namespace shoal::report
