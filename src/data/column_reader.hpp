// SPDX-License-Identifier: Apache-2.0
// ColumnReader: the one way by which the building of tasks gets at a table. Files (file_columns.hpp) and
// memory (memory_columns.hpp) implement it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <shoal/table_source.hpp>

#include "data/column.hpp"

namespace shoal {

struct ReadColumns {
  std::size_t rows = 0;              ///< 1 .. 2^31 - 1
  std::vector<Column> columns;       ///< one per request, in their order
  std::vector<std::string> notes{};  ///< what was found out rather than told by the options, a sentence each
};

class ColumnReader {
 public:
  virtual ~ColumnReader() = default;

  /// The table as messages name it.
  virtual const std::string& name() const = 0;
  /// Whether all of `asked` are columns of the table. Throws DataError when one of `wanted` is not.
  virtual bool has_columns(const std::vector<std::string>& wanted,
                           const std::vector<std::string>& asked) const = 0;
  /// Reads columns; no name is asked for twice as a value, as text or as a key. Called once. Throws DataError
  /// naming the place, the column and the value: a column that is not there (with the nearest name) or twice,
  /// a number that is none, an infinite one, a mixture of numbers and text, a table without rows.
  virtual ReadColumns read(const std::vector<ColumnRequest>& requests) = 0;
  /// Of the column of request number `request`: its texts as they are written, empty where `column`, which
  /// was read for it, misses a value. Throws DataError when a file has other rows now.
  virtual CellTexts texts_of(std::size_t request, const Column& column) const = 0;
  /// Where a row of the columns is, for messages: "prices.csv:17", "table row 15".
  virtual std::string location(std::size_t row) const = 0;
};

}  // namespace shoal
