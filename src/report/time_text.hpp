// SPDX-License-Identifier: Apache-2.0
// Years and dates in the texts of times, for groups by year and for time lines. Tables are ordered by the
// times that src/data reads; this only looks for what a reader would call the year.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::report {

/// The years of these times, [times]: the four digits of each that are a number from 1800 to 2199, or the
/// first four of eight digits. Empty unless every time has one.
std::vector<int> years_of(std::span<const std::string> times);

/// A time as a decimal year, 2018.5: of "2018", "2018-07", "2018-07-02" and what follows a date. Nothing for
/// other texts.
std::optional<double> decimal_year(std::string_view time);

}  // namespace shoal::report
