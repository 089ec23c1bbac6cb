// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "report/calibration_curves.hpp"
#include "report/page_text.hpp"
#include "report/sections.hpp"

namespace shoal::report {
namespace {

/// The lines that are drawn: the model in use, and the best baseline.
std::vector<const ForecastLine*> drawn_lines(const Evidence& evidence) {
  std::vector<const ForecastLine*> lines;
  if (const ForecastLine* model = model_in(evidence.rows)) lines.push_back(model);
  if (const ModelLine* best = best_baseline_of(evidence))
    if (const ForecastLine* line = line_named(evidence.rows, best->name)) lines.push_back(line);
  return lines;
}

/// Probabilities or variances of a line.
std::vector<double> responses_of(const ForecastLine& line, LossKind kind) {
  std::vector<double> responses;
  responses.reserve(line.output.size());
  for (const double output : line.output)
    responses.push_back(kind == LossKind::bce     ? 1.0 / (1.0 + std::exp(-output))
                        : kind == LossKind::qlike ? std::exp(output)
                                                  : output);
  return responses;
}

void add_reliability(const Evidence& evidence, const std::vector<const ForecastLine*>& lines,
                     Section& section) {
  const LossKind kind = evidence.config.loss.kind;
  const bool probability = kind == LossKind::bce;
  const std::string what = probability ? "probability" : kind == LossKind::qlike ? "variance" : "prediction";
  Chart chart{"reliability", "Reliability: tenths of the rows by forecast", "mean " + what, "mean outcome",
              Shape::line};
  Table table{"groups",
              "Tenths of the rows by forecast",
              {{"name", "line"},
               {"group", "tenth"},
               {"rows", "rows"},
               {"forecast", "mean forecast"},
               {"outcome", "mean outcome"}},
              {}};
  double largest = 0.0, smallest = 0.0;
  for (const ForecastLine* line : lines) {
    Series series{name_of_line(line->name, line->steps), {}, {}};
    std::int64_t number = 0;
    for (const ReliabilityGroup& group : reliability(evidence.rows.target, responses_of(*line, kind))) {
      series.x.push_back(group.forecast);
      series.y.push_back(group.outcome);
      largest = std::max({largest, group.forecast, group.outcome});
      smallest = std::min({smallest, group.forecast, group.outcome});
      table.rows.push_back({series.name, ++number, group.rows, group.forecast, group.outcome});
    }
    chart.series.push_back(std::move(series));
  }
  chart.series.push_back({"perfect", {smallest, largest}, {smallest, largest}});
  section.blocks.emplace_back(std::move(chart));
  section.blocks.emplace_back(std::move(table));
}

/// Curves of the two classes.
void add_discrimination(const Evidence& evidence, const std::vector<const ForecastLine*>& lines,
                        Section& section) {
  Chart roc{"roc", "ROC curve", "share of goods above the threshold", "share of bads", Shape::step};
  for (const ForecastLine* line : lines) {
    RocCurve curve = roc_curve(evidence.rows.target, line->output);
    roc.series.push_back({name_of_line(line->name, line->steps), std::move(curve.false_positive),
                          std::move(curve.true_positive)});
  }
  if (roc.series.front().x.empty()) {
    section.say("All outcomes are of one class, so there is no ROC curve.");
    return;
  }
  section.blocks.emplace_back(std::move(roc));
  const std::vector<double> probability = responses_of(*lines.front(), evidence.config.loss.kind);
  KsCurves curves = ks_curves(evidence.rows.target, probability);
  Chart ks{"ks", "Distribution of the model's probability by class (KS: the largest gap)", "probability",
           "share of the class", Shape::line};
  ks.series.push_back({"outcome 0", curves.forecast, std::move(curves.good)});
  ks.series.push_back({"outcome 1", std::move(curves.forecast), std::move(curves.bad)});
  section.blocks.emplace_back(std::move(ks));
}

void add_figures(const Evidence& evidence, Section& section) {
  Table table{"figures", "Calibration and discrimination", {{"name", "line"}, {"steps", "steps"}}, {}};
  const std::vector<std::string> names = {
      "log_loss", "brier", "auc", "gini", "ks", "ece", "calibration_slope", "calibration_intercept"};
  for (const std::string& name : names) table.columns.push_back({name, name});
  for (const ModelLine& line : evidence.models) {
    std::vector<Value> row = {name_text(line.name),
                              line.steps ? Value(std::int64_t{*line.steps}) : Value(std::monostate{})};
    for (const std::string& name : names) {
      Value value;
      for (const auto& [metric, number] : line.metrics)
        if (metric == name) value = value_of(number);
      row.push_back(value);
    }
    table.rows.push_back(std::move(row));
  }
  cut_rows(table, 100);
  table.note += "A calibrated model has slope 1 and intercept 0.";
  section.blocks.emplace_back(std::move(table));
}

}  // namespace

Section calibration_section(const Evidence& evidence) {
  Section section{"calibration", "Calibration"};
  const LossKind kind = evidence.config.loss.kind;
  const ForecastRows& rows = evidence.rows;
  const std::vector<const ForecastLine*> lines = drawn_lines(evidence);
  if (kind != LossKind::bce && kind != LossKind::qlike && kind != LossKind::mse && kind != LossKind::huber) {
    section.say(
        "Loss " + std::string(to_string(kind)) +
        " has no single forecast to hold against the outcome; the table of models has its coverage or "
        "accuracy.");
    return section;
  }
  if (rows.targets != 1 || rows.size() == 0 || lines.empty()) {
    section.say(rows.targets != 1 ? "Several targets have no single forecast to hold against the outcome."
                                  : "There are no rows with a forecast of every line.");
    return section;
  }
  if (kind == LossKind::bce) {
    add_figures(evidence, section);
    add_discrimination(evidence, lines, section);
  }
  add_reliability(evidence, lines, section);
  return section;
}

}  // namespace shoal::report
