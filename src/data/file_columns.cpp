// SPDX-License-Identifier: Apache-2.0
#include "data/file_columns.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <set>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "data/column_findings.hpp"
#include "data/delimiter.hpp"
#include "data/level_index.hpp"
#include "data/table_format.hpp"

namespace shoal {
namespace {

/// The notation of a reader's fields. Numbers that are stored as binary have no notation of their own.
NumberNotation notation_of(const RowReader& reader, const TableFormat& format) {
  return NumberNotation(reader.stores_numbers() ? plain_format(format) : format);
}

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

/// Throws when two files have the same name: then the column `$file` cannot tell them apart.
void require_different_names(const std::vector<std::string>& files) {
  std::set<std::string> names;
  for (const std::string& file : files)
    if (!names.insert(file_name(file)).second)
      throw DataError(printable(file) + ": another file of the pattern has the same name, so that " +
                      std::string(file_column) + " does not tell them apart");
}

/// A field of the current row: a column of the file, or the file's name.
std::string_view field_of(RowReader& reader, std::size_t column_index, const std::string& name_of_file) {
  return column_index == no_column ? std::string_view(name_of_file) : reader.text(column_index);
}

/// Whether the times of a file are texts that the reader made from binary numbers: .npy, compressed or not.
bool holds_binary_numbers(std::string_view path) {
  for (const std::string_view compression : {".gz", ".zst"})
    if (path.ends_with(compression)) path.remove_suffix(compression.size());
  return path.ends_with(".npy");
}

DataError changed(const std::string& path) {
  return DataError(printable(path) + ": changed while it was read");
}

}  // namespace

FileColumns::FileColumns(std::string path, TableFormat format)
    : path_(std::move(path)), name_(printable(path_)), format_(std::move(format)) {}

bool FileColumns::has_columns(const std::vector<std::string>& wanted,
                              const std::vector<std::string>& asked) const {
  for (const std::string& file : table_files(path_)) {
    const OpenedTable table = open_with_columns(file, format_, wanted);
    const std::unordered_set<std::string_view> names(table.reader->names().begin(),
                                                     table.reader->names().end());
    if (std::all_of(asked.begin(), asked.end(), [&](const auto& name) { return names.contains(name); }))
      return true;
  }
  return false;
}

ReadColumns FileColumns::read(const std::vector<ColumnRequest>& requests) {
  ReadColumns result;
  for (const ColumnRequest& request : requests) {
    Column column;
    column.name = request.name;
    column.numeric = !request.as_text();
    column.stored_as_numbers = holds_binary_numbers(path_);
    result.columns.push_back(std::move(column));
  }
  open(requests, result);
  find_types(requests, result);
  if (rows_ > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw DataError(name_ + ": more than 2^31 - 1 rows");
  fill(requests, result);
  result.rows = rows_;
  return result;
}

void FileColumns::open(const std::vector<ColumnRequest>& requests, ReadColumns& result) {
  std::vector<std::string> names;
  names.reserve(requests.size());
  for (const ColumnRequest& request : requests) names.push_back(request.name);
  const std::vector<std::string> files = table_files(path_);
  if (std::find(names.begin(), names.end(), file_column) != names.end()) require_different_names(files);
  for (const std::string& file : files) {
    OpenedTable table = open_with_columns(file, format_, names);
    if (!table.note.empty() && result.notes.empty())
      result.notes.push_back(table.reader->header_location() + ": " + table.note);
    files_.push_back({file, std::move(table.format), std::move(table.column_indices), 0});
  }
}

void FileColumns::find_types(const std::vector<ColumnRequest>& requests, ReadColumns& result) {
  std::vector<ColumnFindings> found(requests.size());
  for (File& file : files_) {
    file.first_row = rows_;
    const auto reader = open_table(file.path, file.format);
    const NumberNotation notation = notation_of(*reader, format_);
    const std::string name_of_file = file_name(file.path);
    const auto place = [&] { return reader->location(); };
    double value = 0.0;
    while (reader->next()) {
      ++rows_;
      for (std::size_t c = 0; c < requests.size(); ++c) {
        if (requests[c].as_text()) continue;
        const std::string_view text = field_of(*reader, file.column_indices[c], name_of_file);
        found[c].note(notation.read(text, value), text, place);
      }
    }
    if (rows_ == file.first_row) throw DataError(reader->header_location() + ": no rows follow the header");
  }
  for (std::size_t c = 0; c < requests.size(); ++c) {
    if (requests[c].as_text()) continue;
    found[c].refuse_odd_values(requests[c].name, requests[c].type == ColumnType::number, format_);
    result.columns[c].numeric = found[c].is_numeric();
  }
}

std::size_t FileColumns::end_of(std::size_t file) const {
  return file + 1 < files_.size() ? files_[file + 1].first_row : rows_;
}

void FileColumns::fill(const std::vector<ColumnRequest>& requests, ReadColumns& result) const {
  std::vector<Column>& columns = result.columns;
  std::vector<LevelIndex> level_of(columns.size());
  std::vector<std::shared_ptr<std::vector<double>>> numbers(columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (!columns[c].numeric) {
      columns[c].codes.reserve(rows_);
      continue;
    }
    numbers[c] = std::make_shared<std::vector<double>>();
    numbers[c]->reserve(rows_);
  }
  std::size_t row = 0;
  for (std::size_t f = 0; f < files_.size(); ++f) {
    const File& file = files_[f];
    const std::size_t end = end_of(f);
    const auto reader = open_table(file.path, file.format);
    const NumberNotation notation = notation_of(*reader, file.format);
    const std::string name_of_file = file_name(file.path);
    for (; reader->next(); ++row) {
      if (row == end) throw changed(file.path);
      for (std::size_t c = 0; c < columns.size(); ++c) {
        Column& column = columns[c];
        const std::string_view text = field_of(*reader, file.column_indices[c], name_of_file);
        if (column.numeric) {
          double value = 0.0;
          const FieldKind kind = notation.read(text, value);
          if (kind == FieldKind::text || kind == FieldKind::infinite) throw changed(file.path);
          if (kind == FieldKind::missing) {
            column.missing.resize(rows_);
            column.missing[row] = true;
            value = std::numeric_limits<double>::quiet_NaN();
          }
          numbers[c]->push_back(value);
        } else {
          const bool missing =
              requests[c].type == ColumnType::key ? text.empty() : notation.is_missing_text(text);
          column.codes.push_back(missing ? -1 : level_of[c].place_of(text, column.levels));
        }
      }
    }
    if (row != end) throw changed(file.path);
  }
  for (std::size_t c = 0; c < columns.size(); ++c)
    if (numbers[c]) {
      columns[c].numbers = *numbers[c];
      columns[c].owner = std::move(numbers[c]);
    }
}

CellTexts FileColumns::texts_of(std::size_t request, const Column& column) const {
  CellTexts texts;
  for (std::size_t f = 0; f < files_.size(); ++f) {
    const File& file = files_[f];
    const auto reader = open_table(file.path, file.format);
    const std::string name_of_file = file_name(file.path);
    const std::size_t end = end_of(f);
    while (texts.size() < end && reader->next())
      texts.add(column.is_missing(texts.size())
                    ? std::string_view()
                    : field_of(*reader, file.column_indices[request], name_of_file));
    if (texts.size() != end || reader->next()) throw changed(file.path);
  }
  return texts;
}

// The line of a row is not stored: an error reads the row's file again, up to the row.
std::string FileColumns::location(std::size_t row) const {
  const auto after = std::upper_bound(files_.begin(), files_.end(), row,
                                      [](std::size_t r, const File& file) { return r < file.first_row; });
  const File& file = *std::prev(after);
  const auto reader = open_table(file.path, file.format);
  for (std::size_t r = file.first_row; r <= row; ++r)
    if (!reader->next()) break;
  return reader->location();
}

}  // namespace shoal
