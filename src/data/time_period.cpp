// SPDX-License-Identifier: Apache-2.0
#include "data/time_period.hpp"

#include <date/date.h>
#include <date/iso_week.h>

namespace shoal {

TimeValue start_of_period(TimeKind kind, const TimeValue& instant) {
  const date::sys_days day{date::days(instant.days)};
  const date::year_month_day ymd(day);
  const auto begin_of = [](date::sys_days first) { return TimeValue{first.time_since_epoch().count(), 0}; };
  switch (kind) {
    case TimeKind::year:
      return begin_of(ymd.year() / 1 / 1);
    case TimeKind::quarter:
      return begin_of(ymd.year() / ((static_cast<unsigned>(ymd.month()) - 1) / 3 * 3 + 1) / 1);
    case TimeKind::month:
      return begin_of(ymd.year() / ymd.month() / 1);
    case TimeKind::week: {
      const iso_week::year_weeknum_weekday week(day);
      return begin_of(week.year() / week.weeknum() / iso_week::mon);
    }
    case TimeKind::day:
      return begin_of(day);
    case TimeKind::whole_number:
    case TimeKind::date_time:
    case TimeKind::offset_date_time:
      break;
  }
  return instant;
}

std::int64_t year_of(TimeKind kind, const TimeValue& instant) {
  const std::int64_t day = instant.days + (kind == TimeKind::week ? 3 : 0);  // a week begins on Monday
  return static_cast<int>(date::year_month_day(date::sys_days{date::days(day)}).year());
}

}  // namespace shoal
