// SPDX-License-Identifier: Apache-2.0
#include "cli/left_out_report.hpp"

#include <shoal/quoted_text.hpp>

namespace shoal::cli {
namespace {

std::string sentence(const LeftOut& left, LeftOutRule rule) {
  std::string rows = std::to_string(left.rows(rule)) + " rows";
  switch (rule) {
    case LeftOutRule::missing:
      return rows + " with a missing value (tasks.missing)";
    case LeftOutRule::too_few:
      return rows + " of " + std::to_string(left.keys) + " keys with too few rows for a task, e.g. " +
             quoted_text(left.example);
    case LeftOutRule::query_cap:
      return rows + " beyond the query rows that a task may have (tasks.query)";
    case LeftOutRule::purge_gap:
      return rows + " in the purge gap between support and query";
    case LeftOutRule::tie:
      return rows + " at the time of the last support row, on neither side";
    case LeftOutRule::straddling:
      return std::to_string(left.straddling_tasks) + " tasks that straddle a boundary in time (" + rows +
             " are in no other task)";
    case LeftOutRule::without_target:
      return std::to_string(left.windows_without_target) + " windows that lack a target to adapt on (" +
             rows + " are in no other task)";
    case LeftOutRule::no_window:
      return rows + " that fill no window";
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
    lines.push_back(std::to_string(unknown.size()) +
                    " categories that no meta-train row had, read as none, e.g. " +
                    printable(unknown.front()));
  return lines;
}

nlohmann::ordered_json left_out_json(const LeftOut& left) {
  if (left.nothing()) return nullptr;
  nlohmann::ordered_json json = {{"rows", left.rows()}, {"rows_by_rule", nlohmann::ordered_json::object()}};
  for (const LeftOutRule rule : left_out_rules)
    if (tells(left, rule)) json["rows_by_rule"][std::string(to_string(rule))] = left.rows(rule);
  if (left.keys > 0) {
    json["keys"] = left.keys;
    json["example"] = left.example;
  }
  if (left.straddling_tasks > 0) json["straddling_tasks"] = left.straddling_tasks;
  if (left.windows_without_target > 0) json["windows_without_target"] = left.windows_without_target;
  if (!left.unknown_categories.empty()) json["unknown_categories"] = left.unknown_categories;
  return json;
}

}  // namespace shoal::cli
