// SPDX-License-Identifier: Apache-2.0
// ColumnStore: the columns of a table that a task source needs, by the names and types that they were asked
// for. Where they come from is the reader's affair.
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
  /// Reads the columns. Throws DataError as the reader does, and for detected text that would be too many
  /// categories, or that looks like numbers in another notation than that of `format`.
  ColumnStore(std::unique_ptr<ColumnReader> reader, const TableFormat& format,
              const std::vector<ColumnRequest>& wanted);

  std::size_t rows() const { return read_.rows; }
  /// A column as it was asked for with `detect` or `number`, else as text, else as a key.
  const Column& column(const std::string& name) const;
  /// A column as it was asked for with `text`, else as it is.
  const Column& text_column(const std::string& name) const;
  /// A column as it was asked for with `key`, else as it is.
  const Column& key_column(const std::string& name) const;
  /// The texts of a stored column as they are written, empty where a value is missing. Reads a file once
  /// more. Throws DataError when it has other rows now.
  CellTexts texts_of(const Column& column) const;
  /// Where a row is, for errors.
  std::string location(std::size_t row) const { return reader_->location(row); }
  /// The table, for errors that concern no row.
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
  std::map<std::pair<std::string, Kind>, std::size_t> index_;  ///< into read_.columns
};

}  // namespace shoal
