// SPDX-License-Identifier: Apache-2.0
#include "backtest/refit_dates.hpp"

#include <cstdio>

namespace shoal {
namespace {

/// The number that so many digits at a place of the text mean.
std::optional<int> digits_at(const std::string& text, std::size_t begin, std::size_t count) {
  if (text.size() < begin + count) return std::nullopt;
  int value = 0;
  for (std::size_t i = begin; i < begin + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = 10 * value + (text[i] - '0');
  }
  return value;
}

}  // namespace

int months_between(Refit refit) {
  switch (refit) {
    case Refit::year:
      return 12;
    case Refit::quarter:
      return 3;
    case Refit::month:
      return 1;
    case Refit::never:
      break;
  }
  return 0;
}

std::optional<CalendarTime> calendar_time(const std::string& text) {
  const auto year = digits_at(text, 0, 4);
  std::optional<int> month = 1, day = 1;
  if (text.size() > 4) month = text[4] == '-' ? digits_at(text, 5, 2) : std::nullopt;
  if (text.size() > 7) day = text[7] == '-' ? digits_at(text, 8, 2) : std::nullopt;
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || (text.size() > 10 && text[10] != 'T' && text[10] != ' ')) return std::nullopt;
  return CalendarTime{date, text.size() > 10 ? text.substr(10) : ""};
}

std::string months_later(const CalendarTime& time, int months) {
  std::chrono::year_month_day day = time.day + std::chrono::months(months);
  if (!day.ok()) day = day.year() / day.month() / std::chrono::last;
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text + time.rest;
}

}  // namespace shoal
