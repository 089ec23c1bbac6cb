// SPDX-License-Identifier: Apache-2.0
#include "report/time_text.hpp"

#include <cstddef>

namespace shoal::report {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The whole numbers of a text with the number of their digits, e.g. 2018-07 has (2018, 4), (7, 2).
struct Digits {
  int value = 0;
  std::size_t count = 0;
};
std::vector<Digits> digits_in(std::string_view text) {
  std::vector<Digits> found;
  bool inside = false;
  for (const char c : text) {
    if (!is_digit(c)) {
      inside = false;
      continue;
    }
    if (!inside) found.emplace_back();
    inside = true;
    if (found.back().count < 9) found.back().value = 10 * found.back().value + (c - '0');
    ++found.back().count;
  }
  return found;
}

std::optional<int> year_in(std::string_view text) {
  for (const Digits& digits : digits_in(text)) {
    const int year = digits.count == 8 ? digits.value / 10000 : digits.count == 4 ? digits.value : 0;
    if (year >= 1800 && year <= 2199) return year;
  }
  return std::nullopt;
}

}  // namespace

std::vector<int> years_of(std::span<const std::string> times) {
  std::vector<int> years;
  years.reserve(times.size());
  for (const std::string& time : times) {
    const auto year = year_in(time);
    if (!year) return {};
    years.push_back(*year);
  }
  return years;
}

std::optional<double> decimal_year(std::string_view time) {
  const std::vector<Digits> parts = digits_in(time.substr(0, 10));
  if (parts.empty()) return std::nullopt;
  int year = parts[0].value, month = 1, day = 1;
  if (parts[0].count == 8) {
    day = year % 100;
    month = year / 100 % 100;
    year /= 10000;
  } else if (parts[0].count == 4) {
    const bool quarter = time.size() > 5 && (time[4] == 'Q' || time[5] == 'Q');
    if (parts.size() > 1) month = quarter ? 3 * parts[1].value - 2 : parts[1].value;
    if (parts.size() > 2) day = parts[2].value;
  } else {
    return std::nullopt;
  }
  if (year < 1800 || year > 2199 || month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
  return year + (month - 1) / 12.0 + (day - 1) / 372.0;
}

}  // namespace shoal::report
