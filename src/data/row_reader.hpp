// SPDX-License-Identifier: Apache-2.0
// RowReader: a table, row by row, from a stream. Memory does not grow with the file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/error.hpp>
#include <shoal/table_source.hpp>

#include "data/byte_stream.hpp"

namespace shoal {

/// Quotes that do not fit the delimiter: another one may be meant.
class QuoteError : public DataError {
 public:
  using DataError::DataError;
};

class RowReader {
 public:
  virtual ~RowReader() = default;
  /// As they stand in the file: some may be empty, or occur twice.
  virtual const std::vector<std::string>& names() const = 0;
  /// Where the names stand, e.g. "prices.csv:1".
  virtual std::string header_location() const = 0;
  /// Advances to the next row; false at the end. Throws DataError naming file and line (or byte).
  virtual bool next() = 0;
  /// Text of a column of the current row, without surrounding blanks; valid until next().
  virtual std::string_view text(std::size_t column) = 0;
  /// Where the current row is, e.g. "prices.csv:17".
  virtual std::string location() const = 0;
  /// Whether the numbers were stored as such, so that no option says how their text is to be read.
  virtual bool stores_numbers() const = 0;
};

/// A table: .npy by its name, else CSV as `format` says (no delimiter: a comma), either
/// also behind gzip or zstd.
std::unique_ptr<RowReader> open_table(const std::string& path, const TableFormat& format);
std::unique_ptr<RowReader> open_csv(std::unique_ptr<ByteStream> bytes, const TableFormat& format);
/// A two-dimensional array of numbers, one row per record, columns c0, c1, ...
std::unique_ptr<RowReader> open_npy(std::unique_ptr<ByteStream> bytes);

}  // namespace shoal
