// SPDX-License-Identifier: Apache-2.0
// Lines of a CSV file as fields, and a field as such a file writes it (RFC 4180).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::finance {

class CsvLines {
 public:
  explicit CsvLines(std::string_view text) : rest_(text) {}

  /// The fields of the next record, without quotes and blanks around them; false at the end. A quoted field
  /// may hold commas, quotes (doubled) and line ends.
  bool next(std::vector<std::string>& fields);
  /// Where that record begins; 1 is the first line.
  std::size_t line() const { return line_; }

 private:
  std::string_view rest_;
  std::size_t line_ = 0, next_line_ = 1;
};

/// Quoted where it has to be.
std::string csv_field(const std::string& text);

}  // namespace shoal::finance
