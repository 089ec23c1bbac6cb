// SPDX-License-Identifier: Apache-2.0
#include "data/time_layout.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <date/date.h>
#include <date/iso_week.h>

#include "data/time_scanner.hpp"

namespace shoal {
namespace {

using std::chrono::minutes;
using std::chrono::nanoseconds;

[[noreturn]] void refuse(std::string problem) {
  throw NotATime{std::move(problem)};
}

Time time_at(TimeKind kind, date::sys_days day, nanoseconds of_day = {}) {
  return {kind, {day.time_since_epoch().count(), of_day.count()}};
}

/// Formats that are ambiguous or are not ISO 8601, with the values of tasks.time_format that read them. A run
/// of digits is written 0 (four digits: Y), a run of letters a.
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> formats_of_layouts = {{
    {"0/0/Y", "\"%d/%m/%Y\" or \"%m/%d/%Y\""},
    {"0.0.Y", "\"%d.%m.%Y\""},
    {"0-0-Y", "\"%d-%m-%Y\" or \"%m-%d-%Y\""},
    {"0/0/0", "\"%d/%m/%y\" or \"%m/%d/%y\""},
    {"0-0-0", "\"%d-%m-%y\" or \"%y-%m-%d\""},
    {"0.0.0", "\"%d.%m.%y\""},
    {"Y/0/0", "\"%Y/%m/%d\""},
    {"Y.0.0", "\"%Y.%m.%d\""},
    {"0-a-0", "\"%d-%b-%y\""},
    {"0-a-Y", "\"%d-%b-%Y\""},
    {"0 a Y", "\"%d %b %Y\""},
    {"a-Y", "\"%b-%Y\""},
    {"a Y", "\"%b %Y\""},
}};

std::string not_known(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  std::string layout;
  for (std::size_t at = 0; at < text.size() && at < 40;) {
    std::size_t end = at;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end > at) {
      layout += end - at == 4 ? 'Y' : '0';
    } else {
      while (end < text.size() && is_letter(text[end])) ++end;
      layout += end > at ? 'a' : text[end++];
    }
    at = end;
  }
  std::string format = "; for another format, set tasks.time_format, e.g. \"%d/%m/%Y\"";
  for (const auto& [known, its_format] : formats_of_layouts)
    if (layout == known) format = ", or set tasks.time_format = " + std::string(its_format);
  return "is not a time in a format that needs no tasks.time_format; write 2003-01-31, 2003-01-31T16:00, "
         "2003-01, 2003Q1, 2003-W05 or a whole number" +
         format;
}

/// Reads a time of day after its date: hh, hh:mm, hh:mm:ss or hh:mm:ss.f (when `compact`, without colons),
/// and its offset from UTC.
Time read_time_of_day(TimeScanner& scan, date::sys_days day, bool compact) {
  const auto next_part = [&] { return compact ? scan.digits() > 0 : scan.take(':'); };
  const auto two_digits = [&] { return compact ? scan.number(2) : scan.whole_number(2, 2); };
  const int hour = compact ? scan.number(2) : scan.whole_number(1, 2);
  const int minute = next_part() ? two_digits() : -1;
  const int second = minute >= 0 && next_part() ? two_digits() : -1;
  const nanoseconds fraction = second >= 0 ? scan.fraction_of_second() : nanoseconds(0);
  const bool has_offset = !scan.at_end();
  const minutes offset = has_offset ? scan.offset_from_utc() : minutes(0);
  scan.require(scan.at_end());
  if (hour > 23 || minute > 59 || second > 59)
    refuse(
        "is not a time of day: hours are 0 to 23, minutes and seconds 0 to 59 (midnight is 00:00 of its "
        "day)");
  const nanoseconds since_midnight = std::chrono::hours(hour) + minutes(std::max(minute, 0)) +
                                     std::chrono::seconds(std::max(second, 0)) + fraction;
  if (!has_offset) return time_at(TimeKind::date_time, day, since_midnight);
  const nanoseconds in_utc = since_midnight - offset;
  const date::days shift = date::floor<date::days>(in_utc);
  return time_at(TimeKind::offset_date_time, day + shift, in_utc - shift);
}

/// Makes a day from its numbers, and reads the time of day after it if there is one.
Time read_day(TimeScanner& scan, int year, int month, int day, bool compact) {
  const date::year_month ym = date::year(year) / date::month(static_cast<unsigned>(month));
  const bool alone = scan.at_end();
  scan.require(alone || scan.take('T') || scan.take(' '));
  if (!ym.ok()) refuse("is not a date: a year has the months 1 to 12");
  const date::year_month_day ymd = ym / date::day(static_cast<unsigned>(day));
  if (!ymd.ok())
    refuse("is not a date: this month has the days 1 to " +
           std::to_string(static_cast<unsigned>((ym / date::last).day())));
  return alone ? time_at(TimeKind::day, ymd) : read_time_of_day(scan, ymd, compact);
}

/// Reads an ISO week, or a day of one (2018-W05-3, 2018W053).
Time read_week(TimeScanner& scan, int year) {
  const bool with_day_behind = scan.digits() == 3;
  const int week = with_day_behind ? scan.number(2) : scan.whole_number(1, 2);
  const bool is_day = with_day_behind || scan.take('-');
  const int weekday = is_day ? scan.whole_number(1, 1) : 1;
  scan.require(scan.at_end());
  if (weekday < 1 || weekday > 7) refuse("is not a date: the days of a week are 1 (Monday) to 7");
  const iso_week::year of_year(year);
  const iso_week::year_weeknum_weekday day = of_year / iso_week::weeknum(static_cast<unsigned>(week)) /
                                             iso_week::weekday(static_cast<unsigned>(weekday));
  if (!day.ok())
    refuse("is not a week: this year has the ISO weeks 1 to " +
           std::to_string(static_cast<unsigned>(iso_week::year_lastweek(of_year).weeknum())));
  return time_at(is_day ? TimeKind::day : TimeKind::week, day);
}

Time read_quarter(TimeScanner& scan, int year) {
  const int quarter = scan.whole_number(1, 1);
  scan.require(scan.at_end());
  if (quarter < 1 || quarter > 4) refuse("is not a quarter: a year has the quarters 1 to 4");
  const auto first = static_cast<unsigned>(3 * quarter - 2);
  return time_at(TimeKind::quarter, date::sys_days(date::year(year) / first / 1));
}

/// Reads a month, or the month and the day of a date.
Time read_month(TimeScanner& scan, int year, bool may_be_day) {
  const int month = scan.whole_number(1, 2);
  if (may_be_day && scan.take('-')) {
    const int day = scan.whole_number(1, 2);
    return read_day(scan, year, month, day, false);
  }
  scan.require(scan.at_end());
  if (month < 1 || month > 12) refuse("is not a month: a year has the months 1 to 12");
  return time_at(TimeKind::month, date::sys_days(date::year(year) / month / 1));
}

Time read_date(std::string_view text) {
  TimeScanner scan(text);
  if (scan.digits() == 8 && scan.peek(8) == 'T') {
    const int year = scan.number(4), month = scan.number(2), day = scan.number(2);
    return read_day(scan, year, month, day, true);
  }
  const int year = scan.whole_number(4, 4);
  const bool dash = scan.take('-');
  if (scan.take('Q')) return read_quarter(scan, year);
  if (scan.take('W')) return read_week(scan, year);
  if (scan.take('M')) return read_month(scan, year, false);
  scan.require(dash);
  return read_month(scan, year, true);
}

}  // namespace

TimeReading read_time(std::string_view text, Exponents exponents) {
  if (const auto number = read_whole_number(text, exponents)) return *number;
  try {
    return {read_date(text), ""};
  } catch (const NotATime& refusal) {
    return {std::nullopt, refusal.problem.empty() ? not_known(text) : refusal.problem};
  }
}

}  // namespace shoal
