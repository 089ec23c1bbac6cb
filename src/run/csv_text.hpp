// SPDX-License-Identifier: Apache-2.0
// Fields of the CSV files that predictions are written to.
#pragma once

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

namespace shoal {

/// A field as RFC 4180 has it: in quotes when it holds a comma, a quote or an end of line, or when blanks at
/// its ends would be lost.
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

/// The fewest digits that read back to the same number; NaN, inf and -inf in words.
template <class Real>
std::string number_text(Real value) {
  if (std::isnan(value)) return "NaN";
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  return {digits, end};
}

}  // namespace shoal
