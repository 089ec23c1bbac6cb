// SPDX-License-Identifier: Apache-2.0
// ColumnStore: the columns of a table that a task source needs, read in two passes over its file or files:
// the first counts rows and finds out which columns are numbers, the second fills vectors of exactly that
// size. Peak memory is the payload itself.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
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
  std::vector<std::string> levels;  ///< in order of their first row
  std::vector<bool> missing;        ///< numeric only; empty when nothing is missing

  bool is_missing(std::size_t row) const {
    return numeric ? !missing.empty() && missing[row] : codes[row] < 0;
  }
};

/// How a column's type is found. `detect`: numbers when every value is one, text when none is; a mixture is
/// refused. `number`: every value must be one. `text`: as it is written; missing are the empty field and the
/// words for it. `key`: as it is written; missing is the empty field alone, for a key may be named NA.
enum class ColumnType { detect, number, text, key };

struct ColumnRequest {
  std::string name;
  ColumnType type = ColumnType::detect;
  /// Detected text is refused above so many levels, and when most of them are numbers in another notation:
  /// every level would be a model's input.
  std::size_t most_levels = std::numeric_limits<std::size_t>::max();
};

class ColumnStore {
 public:
  /// `path`: a file, or a pattern of files that all have the columns. Throws DataError with file, line,
  /// column and value: a column that is not there (with the nearest name) or twice, a number that is none, an
  /// infinite one, or a mixture of numbers and text.
  ColumnStore(const std::string& path, const TableFormat& format, const std::vector<ColumnRequest>& wanted);

  std::size_t rows() const { return rows_; }
  /// A column as it was asked for with `detect` or `number`, else as text, else as a key.
  const Column& column(const std::string& name) const;
  /// A column as it was asked for with `text`, else as it is.
  const Column& text_column(const std::string& name) const;
  /// A column as it was asked for with `key`, else as it is.
  const Column& key_column(const std::string& name) const;
  /// The texts of a stored column as they stand in the file, empty where a value is missing. Reads the file
  /// once more. Throws DataError when it has other rows now.
  CellTexts texts_of(const Column& column) const;
  /// "file:line" of a row, for errors.
  std::string place(std::size_t row) const;
  /// What was found out about the files rather than told by the format, a sentence each.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  enum class Kind { value, text, key };
  static Kind kind_of(ColumnType type);
  const Column& find(const std::string& name, std::initializer_list<Kind> preferred) const;
  void find_types(const TableFormat& format, const std::vector<ColumnRequest>& requests);
  void fill();
  void refuse_levels(const Column& column, std::size_t most, const TableFormat& format) const;
  std::string place_of_level(const Column& column, std::size_t level) const;

  struct File {
    std::string path;
    TableFormat format;               ///< with the delimiter that was found
    std::vector<std::size_t> places;  ///< of every stored column
    std::size_t first_row = 0;
  };
  std::vector<File> files_;
  std::size_t rows_ = 0;
  std::vector<Column> columns_;
  std::vector<Kind> kinds_;  ///< of every stored column
  std::map<std::pair<std::string, Kind>, std::size_t> index_;
  std::vector<std::string> notes_;
};

/// Whether all of `asked` are columns of the table, which must have those of `wanted`.
bool has_columns(const std::string& path, const TableFormat& format, const std::vector<std::string>& wanted,
                 const std::vector<std::string>& asked);

}  // namespace shoal
