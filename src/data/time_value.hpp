// SPDX-License-Identifier: Apache-2.0
// What a time is once it has been read: a place on a time axis, and the kind of text that it came from.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shoal {

/// An instant, or an exact whole number. A period (a month, a week, ...) stands for the instant at which it
/// begins. Days and nanoseconds are apart so that every year from 0000 to 9999 fits.
struct TimeValue {
  std::int64_t days = 0;         ///< since 1970-01-01; of a whole number: the number itself
  std::int64_t nanoseconds = 0;  ///< of the day, 0 to 86,399,999,999,999; of a whole number: 0
  auto operator<=>(const TimeValue&) const = default;
};

/// Times of one kind can be compared; those of two kinds are not mixed in a column.
enum class TimeKind {
  whole_number,
  year,
  quarter,
  month,
  week,
  day,
  date_time,        ///< of an unnamed place: no offset from UTC
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

/// A text read as a time, or what keeps it from being one.
struct TimeReading {
  std::optional<Time> time;
  std::string problem;  ///< follows the text in a message: "is not a date: this month has the days 1 to 28"
};

}  // namespace shoal
