// SPDX-License-Identifier: Apache-2.0
// What of a table is in no task, counted by the rule that left it out.
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
  missing,         ///< a value is missing (tasks.missing = "drop")
  too_few,         ///< its key has too few rows for a task
  query_cap,       ///< tasks.query: the task has as many query rows as it may
  purge_gap,       ///< between support and query
  tie,             ///< at the time of the last support row: on neither side
  straddling,      ///< in tasks alone whose query lies on both sides of a boundary in time
  without_target,  ///< in windows alone that were not made, because a support row lacks its target
  no_window        ///< in no window: behind the last of its key, or between two that lie apart
};
inline constexpr std::array<LeftOutRule, 8> left_out_rules = {
    LeftOutRule::missing, LeftOutRule::too_few,    LeftOutRule::query_cap,      LeftOutRule::purge_gap,
    LeftOutRule::tie,     LeftOutRule::straddling, LeftOutRule::without_target, LeftOutRule::no_window};
/// As in JSON: "missing", "query_cap", ...
std::string_view to_string(LeftOutRule rule);

/// Every row of the table is in at least one task, or counted here by exactly one rule.
struct LeftOut {
  std::array<std::int64_t, left_out_rules.size()> rows_by_rule{};  ///< in the order of left_out_rules
  std::int64_t keys = 0;                                           ///< with too few rows for a task
  std::string example;                                             ///< the first of those keys in the file
  std::int64_t straddling_tasks = 0;  ///< not made: their query lies on both sides of a boundary in time
  std::int64_t windows_without_target = 0;  ///< not made: a row to adapt on lacks its target
  /// "column=level" that no meta-train row had: the model has no input for it, it counts as none of the
  /// known.
  std::vector<std::string> unknown_categories;

  std::int64_t& rows(LeftOutRule rule) { return rows_by_rule[static_cast<std::size_t>(rule)]; }
  std::int64_t rows(LeftOutRule rule) const { return rows_by_rule[static_cast<std::size_t>(rule)]; }
  /// By all rules.
  std::int64_t rows() const;
  /// Whether there is nothing to tell: every row is in a task, every task was made, every category is known.
  bool nothing() const;
};

}  // namespace shoal
