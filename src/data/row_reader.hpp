// SPDX-License-Identifier: Apache-2.0
// RowReader: a table, row by row, from a stream. Memory does not grow with the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

class RowReader {
 public:
  virtual ~RowReader() = default;
  virtual const std::vector<std::string>& names() const = 0;
  /// Where the names stand, e.g. "prices.csv:1".
  virtual std::string header_place() const = 0;
  /// Advances to the next row; false at the end. Throws DataError naming file and line (or byte).
  virtual bool next() = 0;
  /// Text of a column of the current row, without surrounding blanks; valid until next().
  virtual std::string_view text(std::size_t column) = 0;
  /// Where the current row is, e.g. "prices.csv:17".
  virtual std::string place() const = 0;
};

/// CSV (RFC 4180: header, commas, double quotes; CRLF and a byte-order mark are taken) or .npy by its suffix.
std::unique_ptr<RowReader> open_table(const std::string& path);
std::unique_ptr<RowReader> open_csv(const std::string& path);
/// A two-dimensional array of numbers, one row per record, columns c0, c1, ...
std::unique_ptr<RowReader> open_npy(const std::string& path);

/// Empty, or one of the words that files use for it: NA, N/A, n/a, #N/A, <NA>, NaN, nan, NAN, -nan, -NaN,
/// NULL, Null, null, None.
bool is_missing(std::string_view text);
/// A whole number in decimal or scientific notation, or inf; false when it is none.
bool parse_number(std::string_view text, double& value);

}  // namespace shoal
