// SPDX-License-Identifier: Apache-2.0
// ColumnStore: the columns of a table that a task source needs, read in two passes over the file: the first
// counts rows and finds out which columns are numbers, the second fills vectors of exactly that size. Peak
// memory is the payload itself.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <shoal/table_source.hpp>

namespace shoal {

/// A column of numbers (missing = NaN, with `missing` set), or of text as codes into `levels`.
struct Column {
  std::string name;
  bool numeric = true;
  std::vector<double> numbers;
  std::vector<std::int32_t> codes;  ///< -1 = missing
  std::vector<std::string> levels;
  std::vector<bool> missing;  ///< numeric only; empty when nothing is missing

  bool is_missing(std::size_t row) const {
    return numeric ? !missing.empty() && missing[row] : codes[row] < 0;
  }
};

/// How a column's type is found. `detect`: numbers when every value is one, text when none is; a mixture is
/// refused.
enum class ColumnType { detect, number, text };

struct ColumnRequest {
  std::string name;
  ColumnType type = ColumnType::detect;
};

class ColumnStore {
 public:
  /// Throws DataError: a column that is not there (with the nearest name), a number that is none or a mixture
  /// of numbers and text (place and column).
  ColumnStore(const std::string& path, const std::vector<ColumnRequest>& wanted);

  std::size_t rows() const { return rows_; }
  /// A column as it was asked for with `detect` or `number`, else as text.
  const Column& column(const std::string& name) const;
  /// A column as it was asked for with `text`, else as it is.
  const Column& text_column(const std::string& name) const;
  /// The texts of a stored column as they stand in the file, empty where a value is missing. Reads the file
  /// once more. Throws DataError when it has other rows now.
  CellTexts texts_of(const Column& column) const;
  /// "file:line" of a row, for errors.
  std::string place(std::size_t row) const;

 private:
  std::string path_;
  std::size_t rows_ = 0;
  std::vector<Column> columns_;
  std::map<std::pair<std::string, bool>, std::size_t> index_;  ///< by name and whether text was asked for
};

/// Names of the columns of a table.
std::vector<std::string> column_names(const std::string& path);

}  // namespace shoal
