// SPDX-License-Identifier: Apache-2.0
// The date library reads the text. It is lenient (a year of one digit, hour 25, day 366 of any year, signs).
// So the result is formatted again in the same format and compared with the text.
#include "data/time_format.hpp"

#include <algorithm>
#include <locale>
#include <set>
#include <sstream>

// In date.h, -Wmaybe-uninitialized warns about code that reads seconds, which is not used here.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <date/date.h>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "data/time_scanner.hpp"

namespace shoal {
namespace {

using Fields = date::fields<std::chrono::seconds>;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The next run of digits, run of letters, or single other character, after blanks.
std::string_view next_token(std::string_view& rest) {
  while (!rest.empty() && is_blank(rest[0])) rest.remove_prefix(1);
  const auto length_of = [&](auto of_run) {
    return static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), of_run) - rest.begin());
  };
  const std::size_t length =
      rest.empty() ? 0 : std::max({length_of(is_digit), length_of(is_letter), std::size_t{1}});
  const std::string_view token = rest.substr(0, length);
  rest.remove_prefix(length);
  return token;
}

/// Whether two tokens mean the same. Numbers of one digit may have a leading zero; longer ones are years, or
/// several numbers in a row, and must be equal. Words may differ in case, and may be abbreviated ("Jan",
/// "January").
bool is_same_token(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (a.empty()) return b.empty();
  if (is_digit(a[0])) return a == b || (a.size() == 1 && b.size() == 2 && b[0] == '0' && b[1] == a[0]);
  constexpr std::size_t least = 3;  // letters of an abbreviated month or day
  return (a.size() == b.size() || a.size() >= least) &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_same_text(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty())
    if (!is_same_token(next_token(a), next_token(b))) return false;
  return true;
}

/// The letters of a format that follow a %.
std::set<char> letters_of(const std::string& format, const std::string& key) {
  const std::string known = "YymdejbBhaAGVuHIpMSzFDTRnt%";
  std::set<char> letters;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    const char letter = ++i < format.size() ? format[i] : '\0';
    if (letter == '\0' || known.find(letter) == std::string::npos)
      throw InvalidArgument(
          key +
          (letter == '\0' ? std::string("ends in a single %")
                          : "%" + std::string(1, letter) + " is not known") +
          (letter == 'f' ? " (%S reads the fraction of a second too)" : "") +
          "; known are %Y %y %m %d %e %j %b %B %h %a %A %G %V %u %H %I %p %M %S %z %F %D %T "
          "%R %n %t %%");
    letters.insert(letter);
  }
  return letters;
}

/// Replaces the shorthands for times of day, because the cuts are made at %S.
std::string without_shorthand(const std::string& format) {
  std::string result;
  for (std::size_t i = 0; i < format.size(); ++i) {
    result += format[i];
    if (format[i] != '%') continue;
    const char letter = format[++i];
    result += letter == 'T' ? std::string("H:%M:%S") : std::string(1, letter);
  }
  return result;
}

/// The position in a text behind the part that a format reads.
std::size_t end_of(const std::string& format, const std::string& text) {
  std::istringstream in(text);
  in.imbue(std::locale::classic());
  Fields fields;
  date::from_stream(in, format.c_str(), fields);
  in.clear();
  const auto end = in.tellg();
  TimeScanner::require(end >= 0);
  return static_cast<std::size_t>(end);
}

/// Reads one or two digits and a fraction. A single digit counts only when no other digit touches it.
nanoseconds read_seconds(TimeScanner& scan, bool behind_digit) {
  const int whole = scan.number(scan.digits() == 1 && !behind_digit ? 1 : 2);
  if (whole > 59) throw NotATime{"is not a time of day: seconds are 0 to 59"};
  return seconds(whole) + scan.fraction_of_second();
}

}  // namespace

TimeFormat::TimeFormat(const std::string& format) : shown_(quoted_text(format, 40)) {
  const std::string key = "tasks.time_format = " + shown_ + ": ";
  letters_of(format, key);
  const std::string expanded = without_shorthand(format);
  const std::set<char> letters = letters_of(expanded, key);
  const auto any_of = [&](std::string_view of) {
    return std::any_of(of.begin(), of.end(), [&](char c) { return letters.contains(c); });
  };
  const auto require = [&](bool holds, const char* what) {
    if (!holds) throw InvalidArgument(key + what);
  };
  const bool week = any_of("GV"), year = any_of("YyFD") || week, month = any_of("mbBhFD"),
             day = any_of("deFD"), day_of_year = any_of("j"), weekday = any_of("uaA");
  const bool hour = any_of("HIR"), minute = any_of("MR"), second = any_of("S");
  require(year, "names no year; a format is written like %d/%m/%Y");
  require(any_of("G") == any_of("V"), "%G and %V (year and number of an ISO week) belong together");
  require(!day || month, "names a day of the month, but no month");
  require(!weekday || day || day_of_year || week, "names a day of the week, but no week");
  require(any_of("I") == any_of("p"), "%I (hour of 12) and %p (AM, PM) belong together");
  const bool whole_day = day || day_of_year || (week && weekday);
  require(whole_day || !(hour || minute || second), "names a time of day, but no day");
  require((!second || minute) && (!minute || hour),
          "names minutes without hours, or seconds without minutes");
  require(!any_of("z") || hour, "names an offset (%z), but no time of day");
  kind_ = any_of("z") ? TimeKind::offset_date_time
          : hour      ? TimeKind::date_time
          : whole_day ? TimeKind::day
          : week      ? TimeKind::week
          : month     ? TimeKind::month
                      : TimeKind::year;
  pieces_.emplace_back();
  for (std::size_t i = 0; i < expanded.size(); ++i) {
    const bool letter_follows = expanded[i] == '%';
    if (letter_follows && (expanded[i + 1] == 'S' || expanded[i + 1] == 'z')) {
      cuts_ += expanded[++i];
      pieces_.emplace_back();
      continue;
    }
    pieces_.back() += expanded[i];
    if (letter_follows) pieces_.back() += expanded[++i];
  }
  require(std::count(cuts_.begin(), cuts_.end(), 'S') < 2 && std::count(cuts_.begin(), cuts_.end(), 'z') < 2,
          "names seconds or the offset twice");
  if (!whole_day) {
    pieces_.back() += week ? " %u" : month ? " %d" : " %m %d";
    completion_ = week || month ? " 1" : " 1 1";
  }
}

TimeReading TimeFormat::read(std::string_view text) const {
  try {
    return {read_instant(std::string(text) + completion_), ""};
  } catch (const NotATime& refusal) {
    return {std::nullopt,
            (refusal.problem.empty() ? "is not a time in the format of the column" : refusal.problem) +
                " (tasks.time_format = " + shown_ + ")"};
  }
}

Time TimeFormat::read_instant(std::string text) const {
  std::string format = pieces_[0];
  nanoseconds of_minute{0};
  minutes offset{0};
  for (std::size_t cut = 0; cut < cuts_.size(); ++cut) {
    const std::size_t begin = end_of(format, text);
    TimeScanner scan(std::string_view(text).substr(begin));
    if (cuts_[cut] == 'S')
      of_minute = read_seconds(scan, begin > 0 && is_digit(text[begin - 1]));
    else
      offset = scan.offset_from_utc();
    text.erase(begin, text.size() - scan.rest().size() - begin);
    format += pieces_[cut + 1];
  }
  std::istringstream in(text);
  in.imbue(std::locale::classic());
  Fields fields;
  date::from_stream(in, format.c_str(), fields);
  TimeScanner::require(!in.fail() && in.peek() == std::istringstream::traits_type::eof());
  if (!fields.ymd.ok()) throw NotATime{"is not a date of the calendar"};
  if (static_cast<int>(fields.ymd.year()) < 1000)
    throw NotATime{"has a year of fewer than four digits (two are %y)"};
  if (fields.has_tod && (fields.tod.hours() >= hours(24) || fields.tod.minutes() >= hours(1)))
    throw NotATime{"is not a time of day: hours are 0 to 23, minutes 0 to 59"};
  std::ostringstream out;
  out.imbue(std::locale::classic());
  date::to_stream(out, format.c_str(), fields);
  TimeScanner::require(out && is_same_text(text, out.str()));
  const nanoseconds of_day = (fields.has_tod ? fields.tod.to_duration() : seconds(0)) + of_minute;
  const nanoseconds in_utc = of_day - offset;
  const date::days shift = date::floor<date::days>(in_utc);
  const date::sys_days day = date::sys_days(fields.ymd) + shift;
  return {kind_, {day.time_since_epoch().count(), (in_utc - shift).count()}};
}

}  // namespace shoal
