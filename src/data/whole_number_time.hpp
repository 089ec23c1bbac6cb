// SPDX-License-Identifier: Apache-2.0
// Times that are whole numbers, and dates that are written as digits alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/time_value.hpp"

namespace shoal {

/// Whether an exponent may stand for zeros that are not written: in a number made out of a binary one it
/// does; in a text it may hide digits that a spreadsheet dropped (2.00301E+07).
enum class Exponents { are_exact, may_hide_digits };

/// The exact number of a text such as 17, -3, 0042, 17.0; refused when it is a number but not whole, or not
/// within 64 bits. Nothing when the text is no decimal number at all.
std::optional<TimeReading> read_whole_number(std::string_view text, Exponents exponents);

/// The day that eight digits name as YYYYMMDD; nothing when they name none.
std::optional<TimeValue> day_of_digits(std::string_view text);

/// What digits mean where dates are expected: eight are a day, four a year.
std::optional<Time> date_of_digits(std::string_view text);

/// Why a column of whole numbers is not to be ordered by them: all are dates with the day or the month first
/// (31122003, also with a time of day behind or the leading zero lost), dates whose year has two digits
/// (311203) or months with the year last (122003).
/// Empty when they are not. `texts`: every value of the column, at least one.
std::string disguised_dates(const std::vector<std::string>& texts);

}  // namespace shoal
