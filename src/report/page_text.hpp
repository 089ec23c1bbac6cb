// SPDX-License-Identifier: Apache-2.0
// Texts of a page: escaped, cut to a length, and numbers that do not depend on the locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "report/page.hpp"

namespace shoal::report {

/// Characters of a name that comes from data: a key, a column, a file.
inline constexpr std::size_t longest_name = 40;

/// The text for HTML and for attributes in double quotes: &, <, >, " and ' become entities.
std::string escaped(std::string_view text);

/// A name from data, without control characters, at most longest_name characters long.
std::string name_text(std::string_view name);

/// A number with so many digits after the point. NaN and infinities are "-".
std::string fixed_text(double value, int digits);
/// A number with about four significant digits: 0.0144, 1.454, 1234.
std::string number_text(double value);
std::string number_text(const std::optional<double>& value);
/// A count with commas between thousands: 85,470.
std::string count_text(std::int64_t count);
/// "1 task", "12 tasks".
std::string counted(std::int64_t count, std::string_view one, std::string_view many);
std::string percent_text(double share);
/// "< 0.001" below it.
std::string p_text(double p);

/// What the page shows of a cell.
std::string shown(const Value& value, Show show);

}  // namespace shoal::report
