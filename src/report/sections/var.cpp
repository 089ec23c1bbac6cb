// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include <shoal/quoted_text.hpp>

#include "report/page_text.hpp"
#include "report/sections.hpp"

namespace shoal::report {
namespace {

constexpr std::size_t most_lines_drawn = 6;

Table table_of_tests(const Evidence& evidence) {
  Table table{"risk",
              "Exceedances and tests by model and level",
              {{"model", "model"},
               {"level", "level", Show::percent},
               {"rows", "rows"},
               {"exceedances", "exceedances"},
               {"rate", "rate", Show::percent},
               {"tick", "tick loss"},
               {"keys", "keys"},
               {"kupiec", "pass Kupiec"},
               {"conditional_coverage", "pass conditional coverage"},
               {"green", "green"},
               {"yellow", "yellow"},
               {"red", "red"}},
              {}};
  for (const RiskFacts& risk : evidence.risk) {
    const bool keyed = risk.keys > 0;
    const auto of_keys = [keyed](std::int64_t count) {
      return keyed ? Value(count) : Value(std::monostate{});
    };
    table.rows.push_back({name_text(risk.model), risk.level, risk.rows, risk.exceedances, risk.rate,
                          risk.tick, of_keys(risk.keys), of_keys(risk.kupiec),
                          of_keys(risk.conditional_coverage), of_keys(risk.green), of_keys(risk.yellow),
                          of_keys(risk.red)});
  }
  table.note =
      "A key passes a test when its p-value is at least 0.05. The traffic light is that of the last 250 rows "
      "of each key.";
  cut_rows(table, 200);
  return table;
}

/// The levels of the values at risk, ascending.
std::vector<double> levels_of(const std::vector<VarLine>& vars) {
  std::vector<double> levels;
  levels.reserve(vars.size());
  for (const VarLine& var : vars) levels.push_back(var.level);
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  return levels;
}

/// The share of rows that are exceeded, by period, one line per model.
Chart chart_of_rates(const ForecastRows& rows, const Groups& groups, double level, Table& table) {
  Chart chart{"exceedances_" + number_text(level),
              "Exceedances of the " + percent_text(level) + " value at risk", groups.kind, "% of rows",
              Shape::bar};
  chart.categories = groups.names;
  for (const VarLine& var : rows.vars) {
    if (var.level != level) continue;
    std::vector<double> exceeded(rows.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t row = 0; row < rows.size(); ++row)
      if (!std::isnan(var.value[row]) && !std::isnan(rows.returns[row]))
        exceeded[row] = rows.returns[row] < var.value[row] ? 1.0 : 0.0;
    const std::vector<GroupMean> means = means_of(exceeded, groups.of_row, groups.names.size());
    Series series{name_text(var.model), {}, {}};
    for (std::size_t g = 0; g < groups.names.size(); ++g) {
      series.y.push_back(100.0 * means[g].mean);
      if (means[g].rows == 0) continue;
      const double count = means[g].mean * static_cast<double>(means[g].rows);
      table.rows.push_back({groups.names[g], name_text(var.model), level, means[g].rows,
                            static_cast<std::int64_t>(std::llround(count)), means[g].mean});
    }
    if (chart.series.size() < most_lines_drawn) chart.series.push_back(std::move(series));
  }
  return chart;
}

void add_periods(const ForecastRows& rows, Section& section) {
  const Groups groups = periods_of(rows);
  if (groups.names.empty() || rows.vars.empty() || rows.returns.empty()) {
    section.say("The rows have no times or no returns, so there are no exceedances over time.");
    return;
  }
  Table table{"exceedances",
              "Exceedances by " + groups.kind,
              {{"group", groups.kind},
               {"model", "model"},
               {"level", "level", Show::percent},
               {"rows", "rows"},
               {"exceedances", "exceedances"},
               {"rate", "rate", Show::percent}},
              {}};
  for (const double level : levels_of(rows.vars))
    section.blocks.emplace_back(chart_of_rates(rows, groups, level, table));
  cut_rows(table, 300);
  section.blocks.emplace_back(std::move(table));
}

/// The models that the table lacks.
void say_gaps(const Evidence& evidence, Section& section) {
  for (const RiskGap& gap : evidence.risk_gaps)
    section.warn(name_text(gap.model) + " has no value at risk at " + percent_text(gap.level) + ": " +
                 printable(gap.reason) + ".");
}

}  // namespace

Section var_section(const Evidence& evidence) {
  Section section{"var", "Value at risk"};
  const LossKind kind = evidence.config.loss.kind;
  if (evidence.risk.empty()) {
    if (kind == LossKind::qlike && !evidence.is_backtest)
      section.say(
          "A run forecasts variances and has no values at risk; a backtest with risk.return has them.");
    else if (kind == LossKind::qlike && evidence.config.risk.return_column.empty())
      section.say("The backtest has no values at risk: risk.return is not set.");
    else if (kind == LossKind::qlike)
      section.say("The backtest has no values at risk.");
    else if (kind == LossKind::pinball)
      section.say(
          "The model forecasts quantiles; the table of models has the coverage, the tick loss and Kupiec's "
          "p-value of each level. Only a backtest of variances has values at risk by key and year.");
    else
      section.say("A model with loss " + std::string(to_string(kind)) + " forecasts no value at risk.");
    say_gaps(evidence, section);
    return section;
  }
  section.say(
      "A row is exceeded when the return is below the value at risk. A good model is exceeded in as many "
      "rows "
      "as its level says, and not in rows that follow each other. Assets of one day are not independent, so "
      "the tests are those of each key.");
  section.blocks.emplace_back(table_of_tests(evidence));
  say_gaps(evidence, section);
  add_periods(evidence.rows, section);
  for (const RiskFacts& risk : evidence.risk)
    if (risk.red > 0)
      section.warn("The traffic light of " + name_text(risk.model) + " at " + percent_text(risk.level) +
                   " is red for " + counted(risk.red, "key", "keys") + " of " + count_text(risk.keys) + ".");
  return section;
}

}  // namespace shoal::report
