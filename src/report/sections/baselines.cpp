// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "report/page_text.hpp"
#include "report/sections.hpp"

namespace shoal::report {
namespace {

constexpr std::size_t most_lines_drawn = 6, most_groups = 100;

/// Metrics as columns; those that a line lacks are empty.
Table table_of_models(const Evidence& evidence) {
  Table table{"models",
              "Every line, on the same rows",
              {{"name", "line"},
               {"steps", "steps"},
               {"selected", "in use"},
               {"tasks", "tasks"},
               {"rows", "rows"},
               {"loss", "mean loss"},
               {"half_width", "± 95 %"}},
              {}};
  std::vector<std::string> metrics, macro;
  const auto collect = [](const std::vector<NamedValue>& values, std::vector<std::string>& names) {
    for (const auto& [name, value] : values)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const ModelLine& line : evidence.models) collect(line.metrics, metrics), collect(line.macro, macro);
  for (const std::string& name : metrics) table.columns.push_back({name, name});
  for (const std::string& name : macro) table.columns.push_back({"macro_" + name, name + ", mean of keys"});
  const auto append = [](const std::vector<NamedValue>& values, const std::vector<std::string>& names,
                         std::vector<Value>& row) {
    for (const std::string& name : names) {
      const auto found = std::find_if(values.begin(), values.end(),
                                      [&](const NamedValue& value) { return value.first == name; });
      row.push_back(found == values.end() ? Value(std::monostate{}) : value_of(found->second));
    }
  };
  for (const ModelLine& line : evidence.models) {
    std::vector<Value> row = {name_text(line.name),
                              line.steps ? Value(std::int64_t{*line.steps}) : Value(std::monostate{}),
                              line.selected ? Value(std::string("yes")) : Value(std::monostate{}),
                              line.tasks,
                              line.rows,
                              line.loss,
                              line.half_width};
    append(line.metrics, metrics, row);
    append(line.macro, macro, row);
    table.rows.push_back(std::move(row));
  }
  cut_rows(table, 100);
  if (!evidence.models.empty()) table.note += "Interval: " + evidence.models.front().interval + ".";
  return table;
}

Table table_of_comparisons(const Evidence& evidence) {
  Table table{"comparisons",
              "Paired differences of the mean loss: line minus the other",
              {{"name", "line"},
               {"steps", "steps"},
               {"other", "minus"},
               {"mean", "difference"},
               {"t", "t"},
               {"p", "p", Show::p_value},
               {"significant", "significant"}},
              {}};
  for (const ModelLine& line : evidence.models)
    for (const ModelComparison& comparison : line.against)
      table.rows.push_back({name_text(line.name),
                            line.steps ? Value(std::int64_t{*line.steps}) : Value(std::monostate{}),
                            name_text(comparison.other), comparison.difference.mean,
                            value_of(comparison.difference.t), value_of(comparison.difference.p),
                            std::string(is_significant(comparison.difference) ? "yes" : "no")});
  table.note = "Significant: |t| >= 1.96 and p < 0.05.";
  cut_rows(table, 200);
  return table;
}

/// Every line minus the best baseline, over all rows, with the interval of the paired difference.
Chart chart_of_differences(const Evidence& evidence, const ModelLine& best) {
  Chart chart{"differences", "Mean loss minus that of " + name_text(best.name), "", "difference", Shape::bar};
  Series series{"difference", {}, {}, {}};
  for (const ModelLine& line : evidence.models) {
    if (&line == &best) continue;
    const ModelComparison* compared = against(line, best.name);
    if (!compared && chart.categories.size() >= 12) continue;
    chart.categories.push_back(line.steps ? name_text(line.name) + " " + std::to_string(*line.steps)
                                          : name_text(line.name));
    series.y.push_back(line.loss - best.loss);
    const bool known = compared && compared->difference.t && *compared->difference.t != 0.0;
    series.half_width.push_back(known ? 1.96 * std::fabs(compared->difference.mean / *compared->difference.t)
                                      : std::numeric_limits<double>::quiet_NaN());
  }
  chart.series.push_back(series);
  return chart;
}

/// The lines by group: the model in use first, then every baseline.
struct GroupedLines {
  std::vector<const ForecastLine*> lines;
  std::vector<std::vector<GroupMean>> means;  ///< [lines][groups]
  const ForecastLine* best = nullptr;         ///< the best baseline; null: none
  std::size_t best_place = 0;
};

GroupedLines group_lines(const ForecastRows& rows, const Groups& groups, const ForecastLine& model,
                         const ModelLine* best) {
  GroupedLines grouped;
  grouped.lines.push_back(&model);
  for (const ForecastLine& line : rows.lines)
    if (!line.is_model) grouped.lines.push_back(&line);
  for (std::size_t i = 0; i < grouped.lines.size(); ++i) {
    const ForecastLine& line = *grouped.lines[i];
    grouped.means.push_back(means_of(line.loss, groups.of_row, groups.names.size()));
    if (best && i > 0 && line.name == best->name) grouped.best = &line, grouped.best_place = i;
  }
  return grouped;
}

/// Differences to the best baseline by group; without one, the losses.
Chart chart_of_groups(const Groups& groups, const GroupedLines& grouped) {
  Chart chart{"by_" + groups.kind, "Mean loss by " + groups.kind, groups.kind, "loss", Shape::bar};
  chart.categories = groups.names;
  if (grouped.best) {
    chart.title += ", minus " + name_text(grouped.best->name);
    chart.y_title = "difference";
  }
  for (std::size_t l = 0; l < grouped.lines.size() && chart.series.size() < most_lines_drawn; ++l) {
    if (grouped.lines[l] == grouped.best) continue;
    Series series{name_text(grouped.lines[l]->name), {}, {}};
    for (std::size_t g = 0; g < groups.names.size(); ++g)
      series.y.push_back(grouped.means[l][g].mean -
                         (grouped.best ? grouped.means[grouped.best_place][g].mean : 0.0));
    chart.series.push_back(std::move(series));
  }
  return chart;
}

Table table_of_groups(const ForecastRows& rows, const Groups& groups, const GroupedLines& grouped) {
  Table table{"groups", "Mean loss by " + groups.kind, {{"group", groups.kind}, {"rows", "rows"}}, {}};
  for (const ForecastLine* line : grouped.lines)
    table.columns.push_back({"loss_" + name_text(line->name), name_text(line->name)});
  if (grouped.best) {
    table.columns.push_back({"difference", "model minus " + name_text(grouped.best->name)});
    table.columns.push_back({"t", "t"});
    table.columns.push_back({"p", "p", Show::p_value});
  }
  for (std::size_t g = 0; g < groups.names.size(); ++g) {
    std::vector<Value> row = {name_text(groups.names[g]), grouped.means[0][g].rows};
    for (const std::vector<GroupMean>& means : grouped.means) row.emplace_back(means[g].mean);
    if (grouped.best) {
      const auto difference =
          compare_in(rows, *grouped.lines[0], *grouped.best, groups, static_cast<std::int32_t>(g));
      row.push_back(difference ? Value(difference->mean) : Value(std::monostate{}));
      row.push_back(difference ? value_of(difference->t) : Value(std::monostate{}));
      row.push_back(difference ? value_of(difference->p) : Value(std::monostate{}));
    }
    table.rows.push_back(std::move(row));
  }
  cut_rows(table, most_groups);
  return table;
}

void add_groups(const Evidence& evidence, const ModelLine* best, Section& section) {
  const ForecastRows& rows = evidence.rows;
  const Groups groups = periods_of(rows);
  const ForecastLine* model = model_in(rows);
  if (groups.names.empty() || !model) {
    section.say("The rows have no times, so there are no groups by year.");
    return;
  }
  const GroupedLines grouped = group_lines(rows, groups, *model, best);
  section.blocks.emplace_back(chart_of_groups(groups, grouped));
  section.blocks.emplace_back(table_of_groups(rows, groups, grouped));
}

}  // namespace

Section baselines_section(const Evidence& evidence) {
  Section section{"baselines", "Model and baselines"};
  if (evidence.models.empty()) {
    section.say("No task is good in every line of the table, so nothing can be compared.");
    return section;
  }
  section.say("All lines are measured on the same " + counted(evidence.models.front().rows, "row", "rows") +
              ": those of the tasks that are good after every number of steps and that every baseline has a "
              "forecast for.");
  for (const ModelLine& line : evidence.models)
    for (const auto& [name, value] : line.metrics)
      if (name == "crossing" && value.value_or(0.0) > 0.0)
        section.warn("The quantiles of " + name_of_line(line.name, line.steps) + " cross in " +
                     percent_text(*value) + " of the rows.");
  section.blocks.emplace_back(table_of_models(evidence));
  const ModelLine* best = best_baseline_of(evidence);
  if (best) section.blocks.emplace_back(chart_of_differences(evidence, *best));
  add_groups(evidence, best, section);
  section.blocks.emplace_back(table_of_comparisons(evidence));
  if (evidence.seeds.size() > 1) {
    Table table{"seeds",
                "The model by seed",
                {{"seed", "seed"}, {"loss", "mean loss"}, {"half_width", "± 95 %"}},
                {}};
    for (const SeedFacts& seed : evidence.seeds)
      table.rows.push_back({name_text(seed.seed), seed.loss, seed.half_width});
    cut_rows(table, 100);
    section.blocks.emplace_back(table);
  }
  return section;
}

}  // namespace shoal::report
