// SPDX-License-Identifier: Apache-2.0
// Years, quarters, months, weeks and days as periods.
#pragma once

#include "data/time_value.hpp"

namespace shoal {

/// The beginning of the period of this kind that contains an instant. For kinds that are not periods, the
/// instant.
TimeValue start_of_period(TimeKind kind, const TimeValue& instant);
/// The year of a time that is no whole number; of a week, that of its Thursday, as ISO 8601 counts.
std::int64_t year_of(TimeKind kind, const TimeValue& instant);

}  // namespace shoal
