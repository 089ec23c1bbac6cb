// SPDX-License-Identifier: Apache-2.0
#include "data/whole_number_time.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include <date/date.h>

namespace shoal {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::size_t digits_at(std::string_view text, std::size_t from) {
  std::size_t end = from;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - from;
}

/// A decimal number in parts: its sign, and its digits, with the value digits x 10^scale.
struct Decimal {
  bool negative = false;
  std::string digits;
  long scale = 0;
  /// an exponent stands for zeros that are not written, so digits may have been lost
  bool hides_digits = false;
};

std::optional<Decimal> decimal_of(std::string_view text) {
  Decimal number;
  std::size_t at = 0;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) number.negative = text[at++] == '-';
  const std::size_t before = digits_at(text, at);
  number.digits = text.substr(at, before);
  at += before;
  std::size_t behind = 0;
  if (at < text.size() && text[at] == '.') {
    behind = digits_at(text, ++at);
    number.digits += text.substr(at, behind);
    at += behind;
  }
  if (number.digits.empty()) return std::nullopt;
  long exponent = 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    const bool small = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t count = digits_at(text, at);
    if (count == 0) return std::nullopt;
    constexpr long beyond_all = 1'000'000'000;
    if (std::from_chars(text.data() + at, text.data() + at + count, exponent).ec != std::errc() ||
        exponent > beyond_all)
      exponent = beyond_all;
    if (small) exponent = -exponent;
    at += count;
  }
  if (at != text.size()) return std::nullopt;
  number.scale = exponent - static_cast<long>(behind);
  number.hides_digits = exponent > 0 && number.scale > 0;
  return number;
}

TimeReading refused(std::string problem) {
  return {std::nullopt, std::move(problem)};
}

/// Whether a text looks like year.month, such as 2018.1 or 2018.10.
bool is_year_point_month(std::string_view text) {
  return digits_at(text, 0) == 4 && text.size() >= 6 && text.size() <= 7 && text[4] == '.' &&
         digits_at(text, 5) == text.size() - 5;
}

/// The digits of a number without sign and exponent. A fraction of zeros is dropped (20180131.0).
std::string_view plain_digits(std::string_view text) {
  const std::size_t count = digits_at(text, 0);
  std::string_view rest = text.substr(count);
  if (!rest.empty() && rest[0] == '.') rest.remove_prefix(1);
  return rest.find_first_not_of('0') == std::string_view::npos ? text.substr(0, count) : std::string_view();
}

unsigned number_at(std::string_view digits, std::size_t from, std::size_t count) {
  unsigned value = 0;
  std::from_chars(digits.data() + from, digits.data() + from + count, value);
  return value;
}

std::optional<date::sys_days> day_of(unsigned year, unsigned month, unsigned day) {
  const date::year_month_day ymd{date::year(static_cast<int>(year)), date::month(month), date::day(day)};
  return ymd.ok() ? std::optional(date::sys_days(ymd)) : std::nullopt;
}

/// The dates that digits may be when the year comes last, after day and month or after the month.
struct YearLast {
  bool day_first = false, month_first = false, month_alone = false;
  unsigned before_year = 0;  ///< the digits before the year: day and month, or the month
  unsigned year = 0;
};

YearLast year_last(std::string_view digits) {
  const std::size_t width = digits.size();
  YearLast result;
  if (width == 5 || width == 6) {
    result.before_year = number_at(digits, 0, width - 4);
    result.year = number_at(digits, width - 4, 4);
    result.month_alone = result.before_year >= 1 && result.before_year <= 12;
  } else if (width == 7 || width == 8 || width == 12 || width == 14) {
    const std::size_t first = width == 7 ? 1 : 2;
    const unsigned a = number_at(digits, 0, first), b = number_at(digits, first, 2);
    result.before_year = 100 * a + b;
    result.year = number_at(digits, first + 2, 4);
    const bool of_day = width < 12 || (number_at(digits, 8, 2) < 24 && number_at(digits, 10, 2) < 60 &&
                                       (width == 12 || number_at(digits, 12, 2) < 60));
    result.day_first = of_day && day_of(result.year, b, a).has_value();
    result.month_first = of_day && day_of(result.year, a, b).has_value();
  }
  return result;
}

/// Recognises dates such as 31122003 and months such as 122003.
std::string dates_with_long_years(const std::vector<std::string>& texts) {
  bool all_days = true, day_first = true, month_first = true, months_alone = true;
  bool eight_digits = true, of_our_time = true;
  std::set<unsigned> before_year;  // more than one, so that it is no counter such as 102000, 102001, ...
  for (const std::string& text : texts) {
    const std::string_view digits = plain_digits(text);
    const YearLast date = year_last(digits);
    all_days = all_days && (date.day_first || date.month_first);
    day_first = day_first && date.day_first;
    month_first = month_first && date.month_first;
    months_alone = months_alone && date.month_alone;
    if (!all_days && !months_alone) return "";
    eight_digits = eight_digits && digits.size() == 8;
    of_our_time = of_our_time && date.year >= 1900 && date.year < 2100;
    if (before_year.size() < 2) before_year.insert(date.before_year);
  }
  if (!eight_digits && (!of_our_time || before_year.size() < 2)) return "";
  if (months_alone) return "a month with the year last; write 2003-12 instead of 122003";
  const std::string what = day_first == month_first ? "a date with the day or the month first"
                           : day_first              ? "a date with the day first"
                                                    : "a date with the month first";
  std::string advice = "; write 20031231 or 2003-12-31";
  if (eight_digits && (day_first || month_first)) {
    advice += ", or set tasks.time_format = ";
    advice += !month_first ? "\"%d%m%Y\"" : !day_first ? "\"%m%d%Y\"" : "\"%d%m%Y\" or \"%m%d%Y\"";
  }
  return what + advice;
}

/// The dates that six digits may be when the year has two, in each of the three orders.
struct ShortYear {
  bool day_first = false, month_first = false, year_first = false;
  bool any() const { return day_first || month_first || year_first; }
};

ShortYear short_year(std::string_view digits) {
  const std::size_t first = digits.size() == 5 ? 1 : 2;  // a leading zero may have been lost
  const unsigned a = number_at(digits, 0, first), b = number_at(digits, first, 2),
                 c = number_at(digits, first + 2, 2);
  constexpr unsigned leap = 2000;  // any two-digit year may be a leap year
  return {day_of(leap + c, b, a).has_value(), day_of(leap + c, a, b).has_value(),
          day_of(leap + a, b, c).has_value()};
}

/// Recognises dates such as 311203. Months (200312) are told apart by their century. A counter would contain
/// digits that are no date, or have more different last two digits than different digits before them. Dates
/// with the year first are already in order, unless they cross a century.
std::string dates_with_short_years(const std::vector<std::string>& texts) {
  ShortYear all{true, true, true};
  bool months = true, leading_zero = false, of_1900 = false, of_2000 = false;
  std::set<unsigned> before_year, last_two;
  for (const std::string& text : texts) {
    const std::string_view digits = plain_digits(text);
    const std::size_t size = digits.size();
    if (size != 5 && size != 6) return "";
    const ShortYear date = short_year(digits);
    all = {all.day_first && date.day_first, all.month_first && date.month_first,
           all.year_first && date.year_first};
    if (!all.any()) return "";
    const unsigned year = number_at(digits, 0, 4), month = number_at(digits, 4, size - 4);
    months = months && size == 6 && year >= 1900 && year < 2100 && month >= 1 && month <= 12;
    leading_zero = leading_zero || size == 5 || digits[0] == '0';
    constexpr unsigned first_of_1900 = 69;  // as strptime reads %y
    (number_at(digits, 0, size - 4) >= first_of_1900 ? of_1900 : of_2000) = true;
    before_year.insert(number_at(digits, 0, size - 2));
    last_two.insert(number_at(digits, size - 2, 2));
  }
  if (months) return "";
  if (all.day_first || all.month_first) {
    if (before_year.size() < (leading_zero ? 2 : 3)) return "";
    if (before_year.size() < last_two.size() + (leading_zero ? 0 : 1)) return "";
  } else if (!of_1900 || !of_2000) {
    return "";
  }
  std::string formats;
  for (const auto& [fits, format] :
       {std::pair(all.day_first, "\"%d%m%y\""), std::pair(all.month_first, "\"%m%d%y\""),
        std::pair(all.year_first, "\"%y%m%d\"")})
    if (fits) formats += (formats.empty() ? "" : " or ") + std::string(format);
  return "a date whose year has two digits; write 2003-12-31, or six digits each and tasks.time_format = " +
         formats;
}

}  // namespace

std::optional<TimeReading> read_whole_number(std::string_view text, Exponents exponents) {
  std::optional<Decimal> number = decimal_of(text);
  if (!number) return std::nullopt;
  std::string& digits = number->digits;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return TimeReading{Time{}, ""};
  for (; number->scale < 0 && digits.back() == '0'; ++number->scale) digits.pop_back();
  if (number->scale < 0)
    return refused(
        is_year_point_month(text)
            ? "is a decimal number (read so, 2018.1 is 2018.10); write months like 2018-10, or set "
              "tasks.time_format = \"%Y.%m\""
            : "is not a whole number; write times as whole numbers (milliseconds rather than "
              "fractions of a second) or as dates (2018-01-31)");
  if (number->hides_digits && exponents == Exponents::may_hide_digits)
    return refused("may hide digits behind its exponent, as spreadsheets do; write all digits");
  constexpr std::size_t most_digits = 19;  // 2^63 has so many digits
  std::int64_t value = 0;
  bool fits = static_cast<std::uint64_t>(number->scale) + digits.size() <= most_digits;
  if (fits) {
    const std::string whole =
        (number->negative ? "-" : "") + digits + std::string(static_cast<std::size_t>(number->scale), '0');
    fits = std::from_chars(whole.data(), whole.data() + whole.size(), value).ec == std::errc();
  }
  if (!fits) return refused("does not fit into 64 bits (-9223372036854775808 to 9223372036854775807)");
  return TimeReading{Time{TimeKind::whole_number, {value, 0}}, ""};
}

std::optional<TimeValue> day_of_digits(std::string_view text) {
  const std::string_view digits = plain_digits(text);
  if (digits.size() != 8) return std::nullopt;
  const auto day = day_of(number_at(digits, 0, 4), number_at(digits, 4, 2), number_at(digits, 6, 2));
  return day ? std::optional(TimeValue{day->time_since_epoch().count(), 0}) : std::nullopt;
}

std::optional<Time> date_of_digits(std::string_view text) {
  if (const auto day = day_of_digits(text)) return Time{TimeKind::day, *day};
  const std::string_view digits = plain_digits(text);
  if (digits.size() != 4) return std::nullopt;
  const date::sys_days begin = *day_of(number_at(digits, 0, 4), 1, 1);
  return Time{TimeKind::year, {begin.time_since_epoch().count(), 0}};
}

std::string disguised_dates(const std::vector<std::string>& texts) {
  const std::string dates = dates_with_long_years(texts);
  return dates.empty() ? dates_with_short_years(texts) : dates;
}

}  // namespace shoal
