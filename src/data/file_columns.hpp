// SPDX-License-Identifier: Apache-2.0
// FileColumns: the columns of a table in a file or in several, read in two passes: the first counts rows and
// finds out which columns are numbers, the second fills vectors of exactly that size. Peak memory is the
// payload itself.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/column_reader.hpp"

namespace shoal {

class FileColumns final : public ColumnReader {
 public:
  /// `path`: a file, or a pattern of files that all have the columns. Opens nothing yet.
  FileColumns(std::string path, TableFormat format);

  const std::string& name() const override { return name_; }
  bool has_columns(const std::vector<std::string>& wanted,
                   const std::vector<std::string>& asked) const override;
  ReadColumns read(const std::vector<ColumnRequest>& requests) override;
  /// Reads the files once more.
  CellTexts texts_of(std::size_t request, const Column& column) const override;
  /// "file:line"; reads the row's file once more, up to the row.
  std::string location(std::size_t row) const override;

 private:
  void open(const std::vector<ColumnRequest>& requests, ReadColumns& result);
  void find_types(const std::vector<ColumnRequest>& requests, ReadColumns& result);
  void fill(const std::vector<ColumnRequest>& requests, ReadColumns& result) const;
  std::size_t end_of(std::size_t file) const;

  struct File {
    std::string path;
    TableFormat format;                       ///< with the delimiter that was found
    std::vector<std::size_t> column_indices;  ///< of the column of every request
    std::size_t first_row = 0;
  };
  std::string path_, name_;
  TableFormat format_;
  std::vector<File> files_;
  std::size_t rows_ = 0;
};

}  // namespace shoal
