// SPDX-License-Identifier: Apache-2.0
// RowReader: reads a table row by row from a stream. Its memory does not grow with the file.
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

/// Thrown for quotes that are inconsistent with the delimiter. The file may have another delimiter.
class QuoteError : public DataError {
 public:
  using DataError::DataError;
};

class RowReader {
 public:
  virtual ~RowReader() = default;
  /// The column names as they stand in the file: some may be empty, or occur twice.
  virtual const std::vector<std::string>& names() const = 0;
  /// The location of the names, e.g. "prices.csv:1".
  virtual std::string header_location() const = 0;
  /// Advances to the next row; returns false at the end. Throws DataError, naming file and line (or byte).
  virtual bool next() = 0;
  /// The text of a column in the current row, without surrounding blanks; valid until next().
  virtual std::string_view text(std::size_t column) = 0;
  /// The location of the current row, e.g. "prices.csv:17".
  virtual std::string location() const = 0;
  /// Whether the file stores binary numbers, so that no option about the text of numbers applies.
  virtual bool stores_numbers() const = 0;
};

/// Opens a table: .npy when its name says so, else CSV as `format` says (without a delimiter: commas). Either
/// may be compressed by gzip or zstd.
std::unique_ptr<RowReader> open_table(const std::string& path, const TableFormat& format);
std::unique_ptr<RowReader> open_csv(std::unique_ptr<ByteStream> bytes, const TableFormat& format);
/// Opens a two-dimensional array of numbers. Each record is a row; the columns are named c0, c1, ...
std::unique_ptr<RowReader> open_npy(std::unique_ptr<ByteStream> bytes);

}  // namespace shoal
