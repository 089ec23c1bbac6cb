// SPDX-License-Identifier: Apache-2.0
// ColumnReader: the interface through which task sources read tables. file_columns.hpp implements it for
// files, memory_columns.hpp for memory.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <shoal/table_source.hpp>

#include "data/column.hpp"

namespace shoal {

struct ReadColumns {
  std::size_t rows = 0;         ///< 1 to 2^31 - 1
  std::vector<Column> columns;  ///< one per request, in the same order
  /// what was detected because the options do not say it, one sentence each
  std::vector<std::string> notes{};
};

class ColumnReader {
 public:
  virtual ~ColumnReader() = default;

  /// The table's name in messages.
  virtual const std::string& name() const = 0;
  /// Whether the table has all columns `asked`. Throws DataError when it does not have all of `wanted`.
  virtual bool has_columns(const std::vector<std::string>& wanted,
                           const std::vector<std::string>& asked) const = 0;
  /// Reads columns. May be called once; no column may be requested twice for values, for texts or for keys.
  /// Throws DataError, naming location, column and value, for a column that does not exist (with the nearest
  /// name) or exists twice, text or an infinity where a number is needed, a mixture of numbers and text, and
  /// a table without rows.
  virtual ReadColumns read(const std::vector<ColumnRequest>& requests) = 0;
  /// The texts of the column of request number `request`, as they are written. `column` is the result of that
  /// request; where its value is missing, the text is empty. Throws DataError when the rows of a file have
  /// changed.
  virtual CellTexts texts_of(std::size_t request, const Column& column) const = 0;
  /// The location of a row for messages: "prices.csv:17", "table row 15".
  virtual std::string location(std::size_t row) const = 0;
};

}  // namespace shoal
