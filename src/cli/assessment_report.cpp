// SPDX-License-Identifier: Apache-2.0
#include "cli/assessment_report.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <shoal/metrics_json.hpp>
#include <shoal/quoted_text.hpp>

#include "cli/aligned_text.hpp"

namespace shoal::cli {
namespace {

Cells line_of(const std::string& name, const ClassificationMetrics& m) {
  return {name,
          std::to_string(m.rows),
          std::to_string(m.positives),
          number_cell(m.log_loss),
          number_cell(m.brier),
          number_cell(m.auc),
          number_cell(m.gini),
          number_cell(m.ks),
          number_cell(m.ece),
          number_cell(m.calibration_slope),
          number_cell(m.calibration_intercept)};
}

Cells line_of(const std::string& name, const VarianceMetrics& m) {
  return {name, std::to_string(m.rows), number_cell(m.qlike)};
}

Cells line_of(const std::string& name, const VarMetrics& m) {
  Cells line = {name,
                std::to_string(m.rows),
                std::to_string(m.exceedances),
                number_cell(100.0 * m.rate),
                number_cell(m.tick),
                number_cell(m.kupiec.p),
                number_cell(m.binomial_p),
                number_cell(m.independence.p),
                number_cell(m.conditional_coverage.p),
                std::string(to_string(m.traffic_light.zone))};
  if (m.z2) line.push_back(number_cell(*m.z2));
  if (m.fz0) line.push_back(number_cell(*m.fz0));
  return line;
}

/// The lines of the keys, and how many more there are.
template <class Metrics>
std::string with_keys(std::vector<Cells> lines, const std::vector<KeyMetrics<Metrics>>& keys, bool keyed) {
  constexpr std::size_t most = 100;
  const std::size_t shown = std::min(most, keys.size());
  for (std::size_t i = 0; i < shown; ++i)
    lines.push_back(line_of(keyed ? printable(keys[i].first, 24) : "all rows", keys[i].second));
  std::string text = aligned_text(lines);
  if (shown < keys.size())
    text += "and " + std::to_string(keys.size() - shown) + " more keys (--json lists all)\n";
  return text;
}

std::string text_of(const ProbabilityAssessment& assessment, bool keyed) {
  std::vector<Cells> lines = {
      {"", "rows", "positives", "log-loss", "Brier", "AUC", "Gini", "KS", "ECE", "slope", "intercept"},
      line_of("all rows", assessment.all)};
  if (assessment.macro) {
    const MacroClassificationMetrics& m = *assessment.macro;
    lines.push_back({"mean of keys", "", "", number_cell(m.log_loss), number_cell(m.brier),
                     number_cell(m.auc), number_cell(m.gini), number_cell(m.ks), number_cell(m.ece), "", ""});
  }
  return with_keys(std::move(lines), assessment.keys, keyed);
}

std::string text_of(const VarianceAssessment& assessment, bool keyed) {
  std::vector<Cells> lines = {{"", "rows", "QLIKE"}, line_of("all rows", assessment.all)};
  if (assessment.macro_qlike) lines.push_back({"mean of keys", "", number_cell(*assessment.macro_qlike)});
  return with_keys(std::move(lines), assessment.keys, keyed);
}

std::string text_of(const VarAssessment& assessment, bool keyed) {
  Cells header = {"",         "rows",       "exceeded",       "%",          "tick",
                  "Kupiec p", "binomial p", "independence p", "coverage p", "zone"};
  if (assessment.keys[0].second.z2) header.insert(header.end(), {"Z2", "FZ0"});
  std::vector<Cells> lines = {header};
  if (keyed) {
    Cells all(header.size());
    const std::string of = " of " + std::to_string(assessment.keys.size());
    all[0] = "all rows";
    all[1] = std::to_string(assessment.rows);
    all[2] = std::to_string(assessment.exceedances);
    all[3] = number_cell(100.0 * assessment.rate);
    all[4] = number_cell(assessment.tick);
    all[5] = std::to_string(assessment.kupiec_passes) + of;
    all[8] = std::to_string(assessment.conditional_coverage_passes) + of;
    lines.push_back(all);
  }
  std::string text = with_keys(std::move(lines), assessment.keys, keyed);
  if (keyed)
    text += "\"N of M\" counts the keys whose p-value is at least 0.05; no test takes all rows together.\n";
  return text;
}

}  // namespace

void add_assessment(nlohmann::ordered_json& report, const Assessment& assessment) {
  report.update(nlohmann::ordered_json::parse(to_json(assessment)));
}

std::string assessment_text(const Assessment& assessment) {
  std::string text =
      std::visit([&](const auto& metrics) { return text_of(metrics, assessment.keyed); }, assessment.metrics);
  if (const auto& dm = assessment.dm)
    text += "loss minus that of the other forecast: " + number_cell(dm->mean) +
            ", t = " + number_cell(dm->t) + ", p = " + number_cell(dm->p) + " (Diebold-Mariano, " +
            std::to_string(dm->periods) + " periods, lag " + std::to_string(dm->lag) + ")\n";
  return text;
}

}  // namespace shoal::cli
