// SPDX-License-Identifier: Apache-2.0
#include <initializer_list>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "report/page_text.hpp"
#include "report/sections.hpp"
#include "report/time_text.hpp"

namespace shoal::report {
namespace {

constexpr std::size_t most_folds_drawn = 40;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

void add_span(Series& series, const std::string& from, const std::string& to) {
  const auto begin = decimal_year(from), end = decimal_year(to);
  series.x.push_back(begin && end ? *begin : nan);
  series.y.push_back(begin && end ? *end : nan);
}

bool has_a_span(const Chart& chart) {
  for (const Series& series : chart.series)
    for (const double value : series.x)
      if (value == value) return true;
  return false;
}

/// The phases of a run, a row each.
Chart chart_of_phases(const Evidence& evidence) {
  Chart chart{"timeline", "Times of the query rows", "year", "", Shape::span};
  for (const PhaseFacts& phase : evidence.phases) chart.categories.push_back(phase.phase);
  for (std::size_t i = 0; i < evidence.phases.size(); ++i) {
    Series series{evidence.phases[i].phase, {}, {}};
    for (std::size_t row = 0; row < evidence.phases.size(); ++row)
      if (row == i)
        add_span(series, evidence.phases[i].from, evidence.phases[i].to);
      else
        add_span(series, "", "");
    chart.series.push_back(series);
  }
  return chart;
}

/// The folds of a backtest, a row each: what they train and validate on, and what they forecast.
Chart chart_of_folds(const Evidence& evidence) {
  Chart chart{"timeline", "Folds", "year", "", Shape::span};
  chart.series = {{"train", {}, {}}, {"validation", {}, {}}, {"forecast", {}, {}}};
  const std::string last = evidence.rows.times.empty() ? "" : evidence.rows.times.back();
  std::string first;  // of the data that is known here: of the last fold's training
  for (const PhaseFacts& phase : evidence.phases)
    if (phase.phase == "train") first = phase.from;
  for (const FoldFacts& fold : evidence.folds) {
    if (!chart.categories.empty() && chart.categories.back() == name_text(fold.fold)) continue;  // a seed
    if (chart.categories.size() == most_folds_drawn) break;
    chart.categories.push_back(name_text(fold.fold));
    const bool validates = !fold.validation_from.empty();
    add_span(chart.series[0], fold.train_from.empty() ? first : fold.train_from,
             validates ? fold.validation_from : fold.from);
    add_span(chart.series[1], fold.validation_from, fold.from);
    add_span(chart.series[2], fold.from, fold.to.empty() ? last : fold.to);
  }
  return chart;
}

/// A line per fold and seed; periods where folds are periods, else how many keys a fold has.
Table table_of_folds(const Evidence& evidence) {
  const bool by_key = deals_keys(evidence);
  Table table{"folds", "Folds", {{"fold", "fold"}, {"seed", "seed"}}, {}};
  const auto add = [&](std::initializer_list<Column> columns) {
    table.columns.insert(table.columns.end(), columns);
  };
  if (by_key)
    add({{"keys", "keys"}});
  else
    add({{"from", "forecasts from"},
         {"to", "to"},
         {"train_from", "trains from"},
         {"validation_from", "validates from"}});
  add({{"rows", "rows"},
       {"selected_iteration", "iteration"},
       {"validation_loss", "validation loss"},
       {"selected_steps", "steps"},
       {"gate", "gate"}});
  const auto count = [](const std::optional<std::int64_t>& value) {
    return value ? Value(*value) : Value(std::monostate{});
  };
  const auto text = [](const std::string& value) {
    return value.empty() ? Value(std::monostate{}) : Value(name_text(value));
  };
  for (const FoldFacts& fold : evidence.folds) {
    std::vector<Value> row = {text(fold.fold), text(fold.seed)};
    if (by_key)
      row.emplace_back(fold.keys);
    else
      row.insert(row.end(),
                 {text(fold.from), text(fold.to), text(fold.train_from), text(fold.validation_from)});
    row.insert(row.end(), {fold.rows, count(fold.selected_iteration), value_of(fold.validation_loss),
                           count(fold.selected_steps), text(fold.gate)});
    table.rows.push_back(std::move(row));
  }
  cut_rows(table, 100);
  return table;
}

}  // namespace

Section split_section(const Evidence& evidence) {
  Section section{"split", "Split"};
  const SplitOptions& split = evidence.config.tasks.table.split;
  if (evidence.is_backtest) {
    section.say(deals_keys(evidence)
                    ? "Every fold is a training of its own, on the keys of the other folds; it forecasts the "
                      "rows of its own keys."
                    : "Every fold is a training of its own, on what was known before its first forecast; it "
                      "forecasts until the next fold begins.");
    if (const Chart chart = chart_of_folds(evidence); has_a_span(chart)) section.blocks.emplace_back(chart);
    if (!evidence.folds.empty()) section.blocks.emplace_back(table_of_folds(evidence));
    return section;
  }
  if (evidence.config.tasks.source != TaskSourceKind::table) {
    section.say(evidence.config.tasks.source == TaskSourceKind::file
                    ? "A task file is not split: the tasks are those that the model was trained on."
                    : "The tasks of a phase are drawn anew: no test task is a training task.");
    return section;
  }
  if (split.by == "time")
    section.say("The tasks are split by time: validation from " + name_text(split.validation_from) +
                ", test from " + name_text(split.test_from) + ".");
  else
    section.say(
        "The tasks are split by key: " + percent_text(split.train) + " of the keys train, " +
        percent_text(split.validation) + " validate, " + percent_text(split.test) + " test" +
        (split.test_from.empty()
             ? std::string("; a model may have learned from rows that are later than those it is tested on.")
             : ", on rows from " + name_text(split.test_from) + " on."));
  if (const Chart chart = chart_of_phases(evidence); has_a_span(chart)) section.blocks.emplace_back(chart);
  Chart counts{"counts", "Query rows by phase", "", "rows", Shape::bar};
  Series series{"query rows", {}, {}};
  for (const PhaseFacts& phase : evidence.phases) {
    counts.categories.push_back(phase.phase);
    series.y.push_back(static_cast<double>(phase.rows));
  }
  counts.series.push_back(series);
  if (!evidence.phases.empty()) section.blocks.emplace_back(counts);
  return section;
}

}  // namespace shoal::report
