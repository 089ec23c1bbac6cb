// SPDX-License-Identifier: Apache-2.0
// FileColumns: the columns of a table in one or several files. They are read in two passes: the first counts
// the rows and decides which columns are numbers; the second fills vectors of exactly that size, so that peak
// memory is that of the columns themselves.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/column_reader.hpp"

namespace shoal {

class FileColumns final : public ColumnReader {
 public:
  /// `path` is a file, or a pattern of files that all have the columns. Opens nothing yet.
  FileColumns(std::string path, TableFormat format);

  const std::string& name() const override { return name_; }
  bool has_columns(const std::vector<std::string>& wanted,
                   const std::vector<std::string>& asked) const override;
  ReadColumns read(const std::vector<ColumnRequest>& requests) override;
  /// Reads the files again.
  CellTexts texts_of(std::size_t request, const Column& column) const override;
  /// "file:line". Reads the row's file again, up to the row.
  std::string location(std::size_t row) const override;

 private:
  void open(const std::vector<ColumnRequest>& requests, ReadColumns& result);
  void find_types(const std::vector<ColumnRequest>& requests, ReadColumns& result);
  void fill(const std::vector<ColumnRequest>& requests, ReadColumns& result) const;
  std::size_t end_of(std::size_t file) const;

  struct File {
    std::string path;
    TableFormat format;                       ///< with the delimiter in use
    std::vector<std::size_t> column_indices;  ///< one per request
    std::size_t first_row = 0;
  };
  std::string path_, name_;
  TableFormat format_;
  std::vector<File> files_;
  std::size_t rows_ = 0;
};

}  // namespace shoal
