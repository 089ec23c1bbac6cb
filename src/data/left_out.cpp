// SPDX-License-Identifier: Apache-2.0
#include <shoal/left_out.hpp>

#include <numeric>

#include "core/name_table.hpp"

namespace shoal {
namespace {

constexpr std::pair<LeftOutRule, std::string_view> rule_names[] = {
    {LeftOutRule::missing, "missing"},
    {LeftOutRule::too_few, "too_few"},
    {LeftOutRule::query_cap, "query_cap"},
    {LeftOutRule::purge_gap, "purge_gap"},
    {LeftOutRule::tie, "tie"},
    {LeftOutRule::straddling, "straddling"},
    {LeftOutRule::without_target, "without_target"},
    {LeftOutRule::no_window, "no_window"},
    {LeftOutRule::other_period, "other_period"}};

}  // namespace

std::string_view to_string(LeftOutRule rule) {
  return name_in<LeftOutRule>(rule_names, rule);
}

std::int64_t LeftOut::rows() const {
  return std::accumulate(rows_by_rule.begin(), rows_by_rule.end(), std::int64_t{0});
}

bool LeftOut::nothing() const {
  return rows() == 0 && keys == 0 && straddling_tasks == 0 && windows_without_target == 0 &&
         unknown_categories.empty();
}

}  // namespace shoal
