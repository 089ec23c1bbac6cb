// SPDX-License-Identifier: Apache-2.0
#include "report/sections.hpp"

#include "report/page_text.hpp"

namespace shoal::report {

Page page_of(const Evidence& evidence) {
  Page page;
  page.title = std::string(evidence.is_backtest ? "Backtest " : "Model ") + evidence.name;
  for (const auto section : {summary_section, data_section, split_section, baselines_section, var_section,
                             calibration_section, adaptation_section, heterogeneity_section, segments_section,
                             stability_section, limits_section, manifest_section})
    page.sections.push_back(section(evidence));
  return page;
}

std::string name_of_line(const std::string& name, const std::optional<int>& steps) {
  const std::string shown = name_text(name);
  return steps ? shown + ", " + counted(*steps, "step", "steps") : shown;
}

void cut_rows(Table& table, std::size_t most) {
  if (table.rows.size() <= most) return;
  const auto all = static_cast<std::int64_t>(table.rows.size());
  table.rows.resize(most);
  table.note += std::string(table.note.empty() ? "" : " ") + "The first " +
                count_text(static_cast<std::int64_t>(most)) + " of " + count_text(all) + " rows.";
}

Value value_of(const std::optional<double>& number) {
  if (number) return *number;
  return std::monostate{};
}

}  // namespace shoal::report
