// SPDX-License-Identifier: Apache-2.0
// LeftOut: which rows of a table are in no task, counted by the rule that left them out.
//
// Example:
//
//   #include <iostream>
//
//   void print(const shoal::LeftOut& left) {
//     for (const shoal::LeftOutRule rule : shoal::left_out_rules)
//       std::cout << to_string(rule) << ": " << left.rows(rule) << " rows\n";
//   }
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

/// Why a row is in no task.
enum class LeftOutRule {
  missing,         ///< a value of the row is missing (tasks.missing = "drop")
  too_few,         ///< the row's key has too few rows for a task
  query_cap,       ///< the row's task already has as many query rows as tasks.query allows
  purge_gap,       ///< the row lies in the purge gap between support and query
  tie,             ///< the row has the time of the last support row, so it is neither support nor query
  straddling,      ///< the row is only in tasks whose query lies on both sides of a split time
  without_target,  ///< the row is only in windows that were not made because a support row lacks its target
  no_window,       ///< the row lies after the last window of its key, or between two windows
  other_period     ///< the row lies in a period of the split in which its key is not used
};
inline constexpr std::array<LeftOutRule, 9> left_out_rules = {
    LeftOutRule::missing,        LeftOutRule::too_few,   LeftOutRule::query_cap,
    LeftOutRule::purge_gap,      LeftOutRule::tie,       LeftOutRule::straddling,
    LeftOutRule::without_target, LeftOutRule::no_window, LeftOutRule::other_period};
/// The name in JSON: "missing", "query_cap", ...
std::string_view to_string(LeftOutRule rule);

/// Every row of the table is in at least one task, or exactly one rule counts it here.
struct LeftOut {
  std::array<std::int64_t, left_out_rules.size()> rows_by_rule{};  ///< in the order of left_out_rules
  std::int64_t keys = 0;                                           ///< keys with too few rows for a task
  std::string example;                                             ///< the first such key in the file
  /// tasks that were not made because their query lies on both sides of a split time
  std::int64_t straddling_tasks = 0;
  /// windows that were not made because a support row lacks its target
  std::int64_t windows_without_target = 0;
  /// Categories, as "column=level", that no meta-train row had. The model has no input for such a level: all
  /// inputs of its column are 0.
  std::vector<std::string> unknown_categories;

  std::int64_t& rows(LeftOutRule rule) { return rows_by_rule[static_cast<std::size_t>(rule)]; }
  std::int64_t rows(LeftOutRule rule) const { return rows_by_rule[static_cast<std::size_t>(rule)]; }
  /// The number of rows that all rules together left out.
  std::int64_t rows() const;
  /// Whether every row is in a task, every task was made, and every category is known.
  bool nothing() const;
};

}  // namespace shoal
