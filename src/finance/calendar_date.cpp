// SPDX-License-Identifier: Apache-2.0
#include "finance/calendar_date.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace shoal::finance {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

int number_in(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

year_month_day date_in(std::string_view text) {
  return std::chrono::year(number_in(text.substr(0, 4))) /
         std::chrono::month(static_cast<unsigned>(number_in(text.substr(5, 2)))) /
         std::chrono::day(static_cast<unsigned>(number_in(text.substr(8, 2))));
}

bool is_weekend(sys_days day) {
  return std::chrono::weekday(day).iso_encoding() >= 6;  // 1 is Monday
}

std::string text_of(sys_days day) {
  const year_month_day date = day;
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

}  // namespace

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const std::size_t i : {0, 1, 2, 3, 5, 6, 8, 9})
    if (text[i] < '0' || text[i] > '9') return false;
  return date_in(text).ok();
}

bool is_weekend(std::string_view date) {
  return is_weekend(sys_days(date_in(date)));
}

std::string next_date(std::string_view date) {
  return text_of(sys_days(date_in(date)) + std::chrono::days(1));
}

std::string next_weekday(std::string_view date) {
  sys_days next = sys_days(date_in(date)) + std::chrono::days(1);
  while (is_weekend(next)) next += std::chrono::days(1);
  return text_of(next);
}

}  // namespace shoal::finance
