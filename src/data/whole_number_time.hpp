// SPDX-License-Identifier: Apache-2.0
// Times that are whole numbers, and dates written as digits alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/time_value.hpp"

namespace shoal {

/// Whether an exponent may stand for unknown digits. When a text was made from a binary number, its zeros are
/// exact; in other texts, a spreadsheet may have dropped digits (2.00301E+07).
enum class Exponents { are_exact, may_hide_digits };

/// Reads a text such as 17, -3, 0042 or 17.0 as an exact number. The reading has a problem when the number is
/// not whole or does not fit into 64 bits. Empty when the text is not a decimal number.
std::optional<TimeReading> read_whole_number(std::string_view text, Exponents exponents);

/// Reads eight digits as the day YYYYMMDD; empty when they are not a date.
std::optional<TimeValue> day_of_digits(std::string_view text);

/// Reads digits where dates are expected: eight are a day, four are a year.
std::optional<Time> date_of_digits(std::string_view text);

/// Explains why a column of whole numbers cannot be ordered by their values: all of them are dates with the
/// day or the month first (31122003, also with a time of day after it or without the leading zero), dates
/// whose year has two digits (311203), or months with the year last (122003). Empty when that is not so.
/// `texts` are the values of the column, at least one.
std::string disguised_dates(const std::vector<std::string>& texts);

}  // namespace shoal
