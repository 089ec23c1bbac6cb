// SPDX-License-Identifier: Apache-2.0
#include "data/column_store.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <unordered_set>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "data/column_findings.hpp"
#include "data/delimiter.hpp"
#include "data/level_index.hpp"
#include "data/other_notation.hpp"
#include "data/table_format.hpp"

namespace shoal {
namespace {

/// How a reader's fields are to be read: numbers that are stored as such have no notation.
NumberNotation notation_of(const RowReader& reader, const TableFormat& format) {
  return NumberNotation(reader.stores_numbers() ? plain_format(format) : format);
}

std::string name_of(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

/// Two files of one name would be one key.
void require_different_names(const std::vector<std::string>& files) {
  std::set<std::string> names;
  for (const std::string& file : files)
    if (!names.insert(name_of(file)).second)
      throw DataError(printable(file) + ": another file of the pattern has the same name, so that " +
                      std::string(file_column) + " does not tell them apart");
}

/// A field of a row: of the file's own, or the file's name.
std::string_view field_of(RowReader& reader, std::size_t place, const std::string& file_name) {
  return place == no_place ? std::string_view(file_name) : reader.text(place);
}

}  // namespace

bool has_columns(const std::string& path, const TableFormat& format, const std::vector<std::string>& wanted,
                 const std::vector<std::string>& asked) {
  for (const std::string& file : table_files(path)) {
    const OpenedTable table = open_with_columns(file, format, wanted);
    const std::unordered_set<std::string_view> names(table.reader->names().begin(),
                                                     table.reader->names().end());
    if (std::all_of(asked.begin(), asked.end(), [&](const auto& name) { return names.contains(name); }))
      return true;
  }
  return false;
}

ColumnStore::Kind ColumnStore::kind_of(ColumnType type) {
  return type == ColumnType::text ? Kind::text : type == ColumnType::key ? Kind::key : Kind::value;
}

ColumnStore::ColumnStore(const std::string& path, const TableFormat& format,
                         const std::vector<ColumnRequest>& wanted) {
  std::vector<ColumnRequest> requests;  // of every stored column
  std::vector<std::string> names;
  for (const ColumnRequest& request : wanted) {
    const auto [at, fresh] = index_.try_emplace({request.name, kind_of(request.type)}, columns_.size());
    if (!fresh) {  // detected and as a number: as a number
      if (request.type == ColumnType::number) requests[at->second].type = ColumnType::number;
      continue;
    }
    kinds_.push_back(kind_of(request.type));
    Column column;
    column.name = request.name;
    column.numeric = kinds_.back() == Kind::value;
    columns_.push_back(std::move(column));
    requests.push_back(request);
    names.push_back(request.name);
  }
  const std::vector<std::string> files = table_files(path);
  if (std::find(names.begin(), names.end(), file_column) != names.end()) require_different_names(files);
  for (const std::string& file : files) {
    OpenedTable table = open_with_columns(file, format, names);
    if (!table.note.empty() && notes_.empty())
      notes_.push_back(table.reader->header_place() + ": " + table.note);
    files_.push_back({file, std::move(table.format), std::move(table.places), 0});
  }
  find_types(format, requests);
  if (rows_ > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw DataError(printable(path) + ": more than 2^31 - 1 rows");
  fill();
  for (std::size_t c = 0; c < columns_.size(); ++c)
    if (!columns_[c].numeric && requests[c].type == ColumnType::detect)
      refuse_levels(columns_[c], requests[c].most_levels, format);
}

void ColumnStore::find_types(const TableFormat& format, const std::vector<ColumnRequest>& requests) {
  std::vector<ColumnFindings> found(columns_.size());
  for (File& file : files_) {
    file.first_row = rows_;
    const auto reader = open_table(file.path, file.format);
    const NumberNotation notation = notation_of(*reader, format);
    const std::string file_name = name_of(file.path);
    double value = 0.0;
    while (reader->next()) {
      ++rows_;
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        if (kinds_[c] != Kind::value) continue;
        const std::string_view text = field_of(*reader, file.places[c], file_name);
        found[c].note(notation.read(text, value), *reader, text);
      }
    }
    if (rows_ == file.first_row) throw DataError(reader->header_place() + ": no rows follow the header");
  }
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (kinds_[c] != Kind::value) continue;
    found[c].refuse_odd_values(columns_[c].name, requests[c].type == ColumnType::number, format);
    columns_[c].numeric = found[c].is_numeric();
  }
}

void ColumnStore::fill() {
  std::vector<LevelIndex> level_of(columns_.size());
  for (Column& column : columns_)
    if (column.numeric)
      column.numbers.reserve(rows_);
    else
      column.codes.reserve(rows_);
  std::size_t row = 0;
  for (std::size_t f = 0; f < files_.size(); ++f) {
    const File& file = files_[f];
    const std::size_t end = f + 1 < files_.size() ? files_[f + 1].first_row : rows_;
    const auto reader = open_table(file.path, file.format);
    const NumberNotation notation = notation_of(*reader, file.format);
    const std::string file_name = name_of(file.path);
    const auto changed = [&] { return DataError(printable(file.path) + ": changed while it was read"); };
    for (; reader->next(); ++row) {
      if (row == end) throw changed();
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        Column& column = columns_[c];
        const std::string_view text = field_of(*reader, file.places[c], file_name);
        if (column.numeric) {
          double value = 0.0;
          const FieldKind kind = notation.read(text, value);
          if (kind == FieldKind::text || kind == FieldKind::infinite) throw changed();
          if (kind == FieldKind::missing) {
            column.missing.resize(rows_);
            column.missing[row] = true;
            value = std::numeric_limits<double>::quiet_NaN();
          }
          column.numbers.push_back(value);
        } else {
          const bool missing = kinds_[c] == Kind::key ? text.empty() : notation.is_missing_text(text);
          column.codes.push_back(missing ? -1 : level_of[c].place_of(text, column.levels));
        }
      }
    }
    if (row != end) throw changed();
  }
}

/// Text that detection found: few words are categories, many are not, and numbers in disguise never.
void ColumnStore::refuse_levels(const Column& column, std::size_t most, const TableFormat& format) const {
  if (most == std::numeric_limits<std::size_t>::max()) return;
  constexpr std::size_t looked_at = 1000, most_units = 8;
  const std::size_t levels = column.levels.size();
  std::vector<std::size_t> rows_of(std::min(levels, looked_at), 0);
  for (const std::int32_t code : column.codes)
    if (code >= 0 && static_cast<std::size_t>(code) < rows_of.size())
      ++rows_of[static_cast<std::size_t>(code)];
  std::size_t all = 0, disguised = 0;
  std::optional<std::size_t> first;
  std::set<std::string> units;
  for (std::size_t level = 0; level < rows_of.size(); ++level) {
    all += rows_of[level];
    const auto other = other_notation(column.levels[level], format);
    if (!other) continue;
    if (!first) first = level;
    disguised += rows_of[level];
    units.insert(other->unit);
  }
  const auto refuse = [&](std::size_t level, const std::string& what) {
    throw DataError(place_of_level(column, level) + ": column " + quoted_text(column.name) + ": " +
                    quoted_text(column.levels[level]) + what);
  };
  if (first && 2 * disguised >= all && units.size() <= most_units)
    refuse(*first, " looks like a number in another notation" +
                       advice_for_text(column.levels[*first], format) +
                       "; if the column holds categories: list it in tasks.categorical");
  if (levels > most)
    refuse(0,
           " is text, one of " + std::to_string(levels) + " different texts of the column, more than " +
               std::to_string(most) +
               " (tasks.max_categories), and each would be an input: list the column in tasks.categorical if "
               "its texts are categories all the same");
}

std::string ColumnStore::place_of_level(const Column& column, std::size_t level) const {
  const auto row = std::find(column.codes.begin(), column.codes.end(), static_cast<std::int32_t>(level));
  return place(static_cast<std::size_t>(row - column.codes.begin()));
}

const Column& ColumnStore::find(const std::string& name, std::initializer_list<Kind> preferred) const {
  for (const Kind kind : preferred)
    if (const auto at = index_.find({name, kind}); at != index_.end()) return columns_[at->second];
  throw InvalidArgument("column " + quoted_text(name) + " was not asked for");
}

const Column& ColumnStore::column(const std::string& name) const {
  return find(name, {Kind::value, Kind::text, Kind::key});
}

const Column& ColumnStore::text_column(const std::string& name) const {
  return find(name, {Kind::text, Kind::value, Kind::key});
}

const Column& ColumnStore::key_column(const std::string& name) const {
  return find(name, {Kind::key, Kind::text, Kind::value});
}

CellTexts ColumnStore::texts_of(const Column& column) const {
  CellTexts texts;
  for (std::size_t f = 0; f < files_.size(); ++f) {
    const File& file = files_[f];
    const auto reader = open_table(file.path, file.format);
    const std::size_t place = file.places[static_cast<std::size_t>(&column - columns_.data())];
    const std::string file_name = name_of(file.path);
    const std::size_t end = f + 1 < files_.size() ? files_[f + 1].first_row : rows_;
    while (texts.size() < end && reader->next())
      texts.add(column.is_missing(texts.size()) ? std::string_view() : field_of(*reader, place, file_name));
    if (texts.size() != end || reader->next())
      throw DataError(printable(file.path) + ": changed while it was read");
  }
  return texts;
}

// Rows are not remembered by line: an error reads their file once more, up to its row.
std::string ColumnStore::place(std::size_t row) const {
  const auto after = std::upper_bound(files_.begin(), files_.end(), row,
                                      [](std::size_t r, const File& file) { return r < file.first_row; });
  const File& file = *std::prev(after);
  const auto reader = open_table(file.path, file.format);
  for (std::size_t r = file.first_row; r <= row; ++r)
    if (!reader->next()) break;
  return reader->place();
}

}  // namespace shoal
