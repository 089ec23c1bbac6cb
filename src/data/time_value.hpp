// SPDX-License-Identifier: Apache-2.0
// A time after reading: its value on a time axis, and its kind.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shoal {

/// An instant, or an exact whole number. A period (a month, a week, ...) has the value of the instant at
/// which it begins. Days and nanoseconds are separate members so that every year from 0000 to 9999 fits.
struct TimeValue {
  std::int64_t days = 0;         ///< since 1970-01-01; for a whole number: the number itself
  std::int64_t nanoseconds = 0;  ///< of the day, 0 to 86,399,999,999,999; for a whole number: 0
  auto operator<=>(const TimeValue&) const = default;
};

/// Times of one kind can be compared. A column must not mix kinds.
enum class TimeKind {
  whole_number,
  year,
  quarter,
  month,
  week,
  day,
  date_time,        ///< local time: no offset from UTC
  offset_date_time  ///< with its offset from UTC; compared as instants
};
constexpr std::size_t time_kinds = 8;

/// "a month", "months", ...
std::string_view name_of(TimeKind kind);
std::string_view plural_of(TimeKind kind);

struct Time {
  TimeKind kind = TimeKind::whole_number;
  TimeValue value;
};

/// The result of reading a text: a time, or the reason why it is not one.
struct TimeReading {
  std::optional<Time> time;
  std::string problem;  ///< follows the text in a message: "is not a date: this month has the days 1 to 28"
};

}  // namespace shoal
