// SPDX-License-Identifier: Apache-2.0
// Dates that lie months apart, in the notation of the times of a table.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <shoal/backtest_config.hpp>

namespace shoal {

/// The months between two refits; 0: there is one fit alone.
int months_between(Refit refit);

/// A day, and what its text has behind it: "T00:00Z".
struct CalendarTime {
  std::chrono::year_month_day day;
  std::string rest;
};
/// Reads YYYY, YYYY-MM or YYYY-MM-DD, the last one followed by anything that begins with T or a blank.
/// Nothing for other texts.
std::optional<CalendarTime> calendar_time(const std::string& text);
/// The day so many months later (earlier, below 0), as YYYY-MM-DD with the same rest. A day that its month
/// does not have is the month's last one.
std::string months_later(const CalendarTime& time, int months);

}  // namespace shoal
