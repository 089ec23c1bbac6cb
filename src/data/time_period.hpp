// SPDX-License-Identifier: Apache-2.0
// Years, quarters, months, weeks and days as stretches of time.
#pragma once

#include "data/time_value.hpp"

namespace shoal {

/// When the period of this kind begins that an instant lies in; for kinds that are no periods the instant.
TimeValue start_of_period(TimeKind kind, const TimeValue& instant);

}  // namespace shoal
