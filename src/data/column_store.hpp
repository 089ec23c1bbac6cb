// SPDX-License-Identifier: Apache-2.0
// ColumnStore: the columns of a table that a task source needs, by name and requested type. A ColumnReader
// supplies them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/column_reader.hpp"

namespace shoal {

class ColumnStore {
 public:
  /// Reads the columns. Throws DataError as the reader does, and for a detected text column that has too many
  /// categories or looks like numbers in another notation than that of `format`.
  ColumnStore(std::unique_ptr<ColumnReader> reader, const TableFormat& format,
              const std::vector<ColumnRequest>& wanted);

  std::size_t rows() const { return read_.rows; }
  /// The column requested with `detect` or `number`; if there is none, as text; else as key.
  const Column& column(const std::string& name) const;
  /// The column requested with `text`; if there is none, the one that column() finds.
  const Column& text_column(const std::string& name) const;
  /// The column requested with `key`; if there is none, the one that column() finds.
  const Column& key_column(const std::string& name) const;
  /// The texts of a stored column as they are written; empty where a value is missing. Reads files again.
  /// Throws DataError when their rows have changed.
  CellTexts texts_of(const Column& column) const;
  /// The location of a row, for errors.
  std::string location(std::size_t row) const { return reader_->location(row); }
  /// The table's name, for errors that do not concern a row.
  const std::string& name() const { return reader_->name(); }
  const std::vector<std::string>& notes() const { return read_.notes; }

 private:
  enum class Kind { value, text, key };
  static Kind kind_of(ColumnType type);
  const Column& find(const std::string& name, std::initializer_list<Kind> preferred) const;
  void refuse_levels(const Column& column, std::size_t most, const TableFormat& format) const;
  std::string location_of_level(const Column& column, std::size_t level) const;

  std::unique_ptr<ColumnReader> reader_;
  ReadColumns read_;
  std::map<std::pair<std::string, Kind>, std::size_t> index_;  ///< name and kind -> index into read_.columns
};

}  // namespace shoal
