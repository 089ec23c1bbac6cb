// SPDX-License-Identifier: Apache-2.0
// ISO dates as texts: which ones there are, and which one comes next.
#pragma once

#include <string>
#include <string_view>

namespace shoal::finance {

/// Whether the text is a date of the Gregorian calendar, written YYYY-MM-DD.
bool is_date(std::string_view text);
/// Saturdays and Sundays. Of a date.
bool is_weekend(std::string_view date);
/// The day after a date.
std::string next_date(std::string_view date);
/// The first day after a date that is no weekend.
std::string next_weekday(std::string_view date);

}  // namespace shoal::finance
