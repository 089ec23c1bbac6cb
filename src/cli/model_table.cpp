// SPDX-License-Identifier: Apache-2.0
#include "cli/model_table.hpp"

#include <shoal/counted.hpp>
#include <shoal/metrics_json.hpp>
#include <shoal/quoted_text.hpp>

#include "cli/aligned_text.hpp"

namespace shoal::cli {
namespace {

constexpr std::size_t longest_name = 24;

Cells header_of(const ModelMetrics& model) {
  Cells cells = {"", "steps"};
  for (const auto& [name, value] : named_values(model.metrics)) cells.push_back(name);
  cells.insert(cells.end(), {"loss", "+- 95 %"});
  return cells;
}

void add_lines(std::vector<Cells>& lines, const ModelMetrics& model) {
  Cells all = {printable(model.name, longest_name),
               model.steps ? std::to_string(*model.steps) + (model.selected ? "*" : "") : ""},
        keys = {"  mean of keys", ""};
  for (const auto& [name, value] : named_values(model.metrics)) all.push_back(number_cell(value));
  for (const auto& [name, value] : model.macro) keys.push_back(number_cell(value));
  all.insert(all.end(), {number_cell(model.loss.mean), number_cell(model.loss.half_width)});
  keys.insert(keys.end(), {"", ""});
  lines.push_back(all);
  lines.push_back(keys);
}

}  // namespace

nlohmann::ordered_json json_models(const std::vector<ModelMetrics>& models) {
  return nlohmann::ordered_json::parse(to_json(models));
}

std::string shown_name(const ModelMetrics& line) {
  return line.steps ? line.name + ", " + counted(*line.steps, "step", "steps") : line.name;
}

std::string models_text(const std::vector<ModelMetrics>& models) {
  if (models.empty()) return "";
  const ModelMetrics& first = models.front();
  std::vector<Cells> lines = {header_of(first)};
  for (const ModelMetrics& model : models) add_lines(lines, model);
  std::string text = "on the " + counted(first.rows, "row", "rows") + " of the " +
                     counted(first.tasks, "task", "tasks") +
                     " that all lines have in common (*: what adapt and predict take):\n" +
                     aligned_text(lines) + "interval: " + first.interval + "\n";
  for (const ModelMetrics& model : models) {
    for (const ModelComparison& comparison :
         model.steps || model.selected ? model.against : std::vector<ModelComparison>{})
      text += shown_name(model) + ", minus " +
              printable(comparison.other == name_with_steps(first) ? shown_name(first) : comparison.other,
                        longest_name) +
              ": " + number_cell(comparison.difference.mean) +
              ", t = " + number_cell(comparison.difference.t) +
              ", p = " + number_cell(comparison.difference.p) + "\n";
    if (const auto* quantiles = std::get_if<QuantileMetrics>(&model.metrics);
        quantiles && quantiles->crossing > 0)
      text += "warning: the quantiles of " + shown_name(model) + " cross in " +
              number_cell(100.0 * quantiles->crossing) + " % of the rows\n";
  }
  return text;
}

nlohmann::ordered_json json_groups(const std::vector<GroupMetrics>& groups) {
  auto list = nlohmann::ordered_json::array();
  for (const GroupMetrics& group : groups)
    list.push_back({{"by", group.by}, {"group", group.group}, {"models", json_models(group.models)}});
  return list;
}

std::string groups_text(const std::vector<GroupMetrics>& groups) {
  std::string text;
  for (const GroupMetrics& group : groups)
    text += "\n" + printable(group.by, longest_name) + " " + printable(group.group, longest_name) + ": " +
            models_text(group.models);
  return text;
}

}  // namespace shoal::cli
