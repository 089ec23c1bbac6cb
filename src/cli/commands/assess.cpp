// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <shoal/assessment.hpp>
#include <shoal/counted.hpp>
#include <shoal/error.hpp>
#include <shoal/forecast_table.hpp>

#include "cli/assessment_report.hpp"
#include "cli/print_json.hpp"
#include "cli/session.hpp"

namespace shoal::cli {
namespace {

/// Options that the kind of forecast has no use for are not passed over in silence.
AssessmentOptions assessment_options(const AssessArguments& asked) {
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw InvalidArgument(std::string("assess: ") + what);
  };
  AssessmentOptions options;
  options.kind = forecast_kind_from_string(asked.kind);
  const bool var = options.kind == ForecastKind::value_at_risk;
  require(var || !asked.level, "--level goes with --as var");
  require(var || asked.columns.shortfall.empty(), "--es goes with --as var");
  require(!asked.floor || options.kind == ForecastKind::variance, "--floor goes with --as variance");
  require(!asked.lag || !asked.columns.against.empty(), "--lag goes with --against");
  require(asked.columns.against.empty() || !asked.columns.time.empty(),
          "--against needs --time: losses are averaged by time before they are compared");
  options.level = asked.level.value_or(options.level);
  options.floor = asked.floor;
  options.lag = asked.lag.value_or(options.lag);
  return options;
}

nlohmann::ordered_json columns_json(const ForecastColumns& columns) {
  nlohmann::ordered_json json;
  const std::pair<const char*, const std::string*> named[] = {
      {"target", &columns.target}, {"forecast", &columns.forecast}, {"against", &columns.against},
      {"es", &columns.shortfall},  {"key", &columns.key},           {"time", &columns.time}};
  for (const auto& [role, name] : named)
    if (!name->empty()) json[role] = *name;
  return json;
}

}  // namespace

int run_assess(const CommandOptions& options) {
  const AssessArguments& asked = options.assess;
  const AssessmentOptions how = assessment_options(asked);
  const TableOptions written = resolve_table_format(options.common);
  const ForecastTable table =
      read_forecasts(options.data, asked.columns, written.format, written.time_format);
  const Notify notify = notices(options.common);
  for (const std::string& note : table.notes) tell_note(notify, note);
  const Assessment assessment = assess(table, how);
  if (assessment.left_out > 0)
    tell_note(notify, counted(assessment.left_out, "row is", "rows are") +
                          " left out: a column that is asked for has no value there");
  if (assessment.dm && 4 * std::int64_t{assessment.dm->lag} > assessment.dm->periods)
    tell_warning(notify, "lag " + std::to_string(assessment.dm->lag) + " is more than a quarter of the " +
                             std::to_string(assessment.dm->periods) +
                             " periods: t and p of the comparison are unreliable; --lag gives another");
  if (!options.common.json) {
    std::fputs(assessment_text(assessment).c_str(), stdout);
    return 0;
  }
  nlohmann::ordered_json report = {
      {"data", options.data}, {"as", to_string(how.kind)}, {"columns", columns_json(asked.columns)}};
  if (how.kind == ForecastKind::value_at_risk) report["level"] = how.level;
  if (how.floor) report["floor"] = *how.floor;
  add_assessment(report, assessment);
  print_json(report);
  return 0;
}

}  // namespace shoal::cli
