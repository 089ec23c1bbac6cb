// SPDX-License-Identifier: Apache-2.0
// MemoryColumns: reads the columns of a table in memory as if they were a CSV file with the same cells.
// Numbers are not copied; every level of a text column is parsed once.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <shoal/memory_table.hpp>

#include "data/column_reader.hpp"
#include "data/number_notation.hpp"

namespace shoal {

class MemoryColumns final : public ColumnReader {
 public:
  /// Throws DataError when there are no rows, too many rows, or columns with different numbers of rows.
  MemoryColumns(std::span<const TableColumn> columns, const TableFormat& format);

  const std::string& name() const override { return name_; }
  bool has_columns(const std::vector<std::string>& wanted,
                   const std::vector<std::string>& asked) const override;
  ReadColumns read(const std::vector<ColumnRequest>& requests) override;
  CellTexts texts_of(std::size_t request, const Column& column) const override;
  /// "table row 17"; the first row is row 0.
  std::string location(std::size_t row) const override;

 private:
  const TableColumn& find(const std::string& wanted) const;
  void read_numbers(const TableColumn& from, Column& to) const;
  void read_number_texts(const TableColumn& from, ColumnType type, Column& to) const;
  void read_texts(const TableColumn& from, ColumnType type, Column& to) const;

  std::string name_ = "table";
  std::vector<TableColumn> table_;
  std::vector<const TableColumn*> read_;  ///< one per request
  TableFormat format_;
  NumberNotation notation_;        ///< for texts
  NumberNotation plain_notation_;  ///< for numbers: only missing words apply
};

}  // namespace shoal
