// SPDX-License-Identifier: Apache-2.0
// Writes fields of CSV files.
#pragma once

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

namespace shoal {

/// Quotes a field as RFC 4180 does: when it contains a comma, a quote or a line end. Also quotes a field that
/// begins or ends with blanks, because readers may drop those.
inline std::string csv_text(std::string_view text) {
  const bool blank_ends = !text.empty() && (text.front() == ' ' || text.front() == '\t' ||
                                            text.back() == ' ' || text.back() == '\t');
  if (!blank_ends && text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

/// The fewest digits that read back to the same number; NaN, inf or -inf in words.
template <class Real>
std::string number_text(Real value) {
  if (std::isnan(value)) return "NaN";
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  return {digits, end};
}

}  // namespace shoal
