// SPDX-License-Identifier: Apache-2.0
#include <shoal/data_report.hpp>

#include <algorithm>
#include <cstdio>

#include <nlohmann/json.hpp>

#include <shoal/counted.hpp>
#include <shoal/quoted_text.hpp>

namespace shoal {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t most_named = 5;  // number of constant features that a sentence names

std::string text_of(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string sentence(const LeftOut& left, LeftOutRule rule) {
  std::string rows = counted(left.rows(rule), "row", "rows");
  switch (rule) {
    case LeftOutRule::missing:
      return rows + " with a missing value (tasks.missing)";
    case LeftOutRule::too_few:
      return rows + " of " + counted(left.keys, "key", "keys") + " with too few rows for a task, e.g. " +
             quoted_text(left.example);
    case LeftOutRule::query_cap:
      return rows + " beyond the query rows that a task may have (tasks.query)";
    case LeftOutRule::purge_gap:
      return rows + " in the purge gap between support and query";
    case LeftOutRule::tie:
      return rows + " at the time of the last support row, on neither side";
    case LeftOutRule::straddling:
      return counted(left.straddling_tasks, "task that straddles", "tasks that straddle") +
             " a boundary in time (" + counted(left.rows(rule), "row is", "rows are") + " in no other task)";
    case LeftOutRule::without_target:
      return counted(left.windows_without_target, "window that lacks", "windows that lack") +
             " a target to adapt on (" + counted(left.rows(rule), "row is", "rows are") +
             " in no other task)";
    case LeftOutRule::no_window:
      return rows + (left.rows(rule) == 1 ? " that fills no window" : " that fill no window");
    case LeftOutRule::other_period:
      return rows + " on the other side of tasks.split.test_from than their key is looked at";
  }
  return rows;
}

bool tells(const LeftOut& left, LeftOutRule rule) {
  return left.rows(rule) > 0 || (rule == LeftOutRule::straddling && left.straddling_tasks > 0) ||
         (rule == LeftOutRule::without_target && left.windows_without_target > 0);
}

}  // namespace

std::vector<std::string> left_out_lines(const LeftOut& left) {
  std::vector<std::string> lines;
  for (const LeftOutRule rule : left_out_rules)
    if (tells(left, rule)) lines.push_back("left out: " + sentence(left, rule));
  if (const auto& unknown = left.unknown_categories; !unknown.empty())
    lines.push_back(counted(std::ssize(unknown), "category", "categories") + " that no meta-train row had; " +
                    (unknown.size() == 1 ? "its" : "their") + " inputs are 0, e.g. " +
                    printable(unknown.front()));
  return lines;
}

std::string left_out_json(const LeftOut& left) {
  if (left.nothing()) return "null";
  ordered_json json = {{"rows", left.rows()}, {"rows_by_rule", ordered_json::object()}};
  for (const LeftOutRule rule : left_out_rules)
    if (tells(left, rule)) json["rows_by_rule"][std::string(to_string(rule))] = left.rows(rule);
  if (left.keys > 0) {
    json["keys"] = left.keys;
    json["example"] = left.example;
  }
  if (left.straddling_tasks > 0) json["straddling_tasks"] = left.straddling_tasks;
  if (left.windows_without_target > 0) json["windows_without_target"] = left.windows_without_target;
  if (!left.unknown_categories.empty()) json["unknown_categories"] = left.unknown_categories;
  return text_of(json);
}

std::vector<std::string> scaling_lines(const Preprocessing& preprocessing) {
  std::vector<std::string> lines;
  const TargetUnits& units = preprocessing.target_units;
  for (std::size_t t = 0; t < units.deviation.size(); ++t) {
    char numbers[80];
    std::snprintf(numbers, sizeof numbers, " is scaled by its mean %.6g and deviation %.6g", units.mean[t],
                  units.deviation[t]);
    lines.push_back("target " + quoted_text(preprocessing.options.targets[t]) + numbers +
                    " (tasks.scale_targets); losses and predictions are in its own units");
  }
  const std::vector<std::string>& constant = preprocessing.constant;
  if (constant.empty()) return lines;
  std::string names;
  for (std::size_t i = 0; i < constant.size() && i < most_named; ++i)
    names += (i > 0 ? ", " : "") + quoted_text(constant[i]);
  lines.push_back(counted(std::ssize(constant), "feature is", "features are") +
                  " constant over the meta-train rows and not scaled: " + names +
                  (constant.size() > most_named ? ", ..." : ""));
  return lines;
}

std::string scaling_json(const Preprocessing& preprocessing) {
  ordered_json json;
  const TargetUnits& units = preprocessing.target_units;
  for (std::size_t t = 0; t < units.deviation.size(); ++t)
    json["targets"][preprocessing.options.targets[t]] = {{"mean", units.mean[t]},
                                                         {"deviation", units.deviation[t]}};
  if (!preprocessing.constant.empty()) json["constant"] = preprocessing.constant;
  return text_of(json);
}

}  // namespace shoal
