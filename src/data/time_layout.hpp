// SPDX-License-Identifier: Apache-2.0
// Reads times in the formats that need no tasks.time_format (docs/formats.md lists them).
#pragma once

#include <string_view>

#include "data/time_value.hpp"
#include "data/whole_number_time.hpp"

namespace shoal {

/// Reads a whole number, or an ISO 8601 date, date-time, month, quarter or week.
TimeReading read_time(std::string_view text, Exponents exponents = Exponents::may_hide_digits);

}  // namespace shoal
