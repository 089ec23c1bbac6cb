// SPDX-License-Identifier: Apache-2.0
// Years, quarters, months, weeks and days as periods.
#pragma once

#include "data/time_value.hpp"

namespace shoal {

/// The beginning of the period of this kind that contains an instant. For kinds that are not periods, the
/// instant.
TimeValue start_of_period(TimeKind kind, const TimeValue& instant);

}  // namespace shoal
