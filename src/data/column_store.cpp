// SPDX-License-Identifier: Apache-2.0
#include "data/column_store.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/nearest_name.hpp>

#include "data/row_reader.hpp"

namespace shoal {
namespace {

/// What a column was found to hold, and where the first number and the first text stand.
struct Findings {
  std::size_t numbers = 0, texts = 0;
  std::string number, text;

  void note(bool is_number, const RowReader& reader, std::string_view value) {
    std::size_t& count = is_number ? numbers : texts;
    if (count++ == 0) {
      std::string& first = is_number ? number : text;
      first = reader.place() + "\n" + std::string(value);
    }
  }
  /// Names the first value of the rarer kind.
  [[noreturn]] void refuse_mixture(const std::string& column) const {
    const bool odd_text = texts <= numbers;
    const std::string& odd = odd_text ? text : number;
    const std::size_t end = odd.find('\n');
    throw DataError(odd.substr(0, end) + ": column \"" + column + "\": \"" + odd.substr(end + 1) + "\" is " +
                    (odd_text ? "not a number, " + std::to_string(numbers) + " other values are"
                              : "a number, " + std::to_string(texts) + " other values are text") +
                    " (a feature that is a category: list it in tasks.categorical)");
  }
};

}  // namespace

std::vector<std::string> column_names(const std::string& path) {
  return open_table(path)->names();
}

ColumnStore::ColumnStore(const std::string& path, const std::vector<ColumnRequest>& wanted) : path_(path) {
  std::vector<std::size_t> place_of;  // of every stored column in the file
  {
    const auto reader = open_table(path);
    for (const auto& [name, type] : wanted) {
      const auto [place, fresh] = index_.try_emplace({name, type == ColumnType::text}, columns_.size());
      if (!fresh) continue;
      const auto at = std::find(reader->names().begin(), reader->names().end(), name);
      if (at == reader->names().end())
        throw DataError(reader->header_place() + ": there is no column \"" + name + "\"" +
                        did_you_mean(name, reader->names()));
      Column column;
      column.name = name;
      column.numeric = type != ColumnType::text;
      columns_.push_back(std::move(column));
      place_of.push_back(static_cast<std::size_t>(at - reader->names().begin()));
    }
    std::vector<ColumnType> type(columns_.size(), ColumnType::detect);
    for (const ColumnRequest& request : wanted)
      type[index_[{request.name, request.type == ColumnType::text}]] = request.type;
    std::vector<Findings> found(columns_.size());
    double value = 0.0;
    while (reader->next()) {
      ++rows_;
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        if (type[c] == ColumnType::text) continue;
        const std::string_view text = reader->text(place_of[c]);
        if (is_missing(text)) continue;
        const bool is_number = parse_number(text, value);
        found[c].note(is_number, *reader, text);
        if (type[c] == ColumnType::number && !is_number)
          throw DataError(reader->place() + ": column \"" + columns_[c].name + "\": \"" + std::string(text) +
                          "\" is not a number");
      }
    }
    if (rows_ == 0) throw DataError(reader->header_place() + ": no rows follow the header");
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (found[c].numbers > 0 && found[c].texts > 0) found[c].refuse_mixture(columns_[c].name);
      if (found[c].texts > 0) columns_[c].numeric = false;
    }
  }
  if (rows_ > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw DataError(path + ": more than 2^31 - 1 rows");
  std::vector<std::unordered_map<std::string, std::int32_t>> level_of(columns_.size());
  for (Column& column : columns_)
    if (column.numeric)
      column.numbers.reserve(rows_);
    else
      column.codes.reserve(rows_);
  const auto reader = open_table(path);
  std::size_t row = 0;
  const auto changed = [&] { return DataError(path + ": changed while it was read"); };
  for (; reader->next(); ++row) {
    if (row == rows_) throw changed();
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      Column& column = columns_[c];
      const std::string_view text = reader->text(place_of[c]);
      const bool missing = is_missing(text);
      if (column.numeric) {
        double value = std::numeric_limits<double>::quiet_NaN();
        if (missing) {
          column.missing.resize(rows_);
          column.missing[row] = true;
        } else {
          parse_number(text, value);
        }
        column.numbers.push_back(value);
      } else if (missing) {
        column.codes.push_back(-1);
      } else {
        const auto [at, fresh] =
            level_of[c].try_emplace(std::string(text), static_cast<std::int32_t>(column.levels.size()));
        if (fresh) column.levels.emplace_back(text);
        column.codes.push_back(at->second);
      }
    }
  }
  if (row != rows_) throw changed();
}

const Column& ColumnStore::column(const std::string& name) const {
  const auto at = index_.find({name, false});
  return columns_[at != index_.end() ? at->second : index_.at({name, true})];
}

const Column& ColumnStore::text_column(const std::string& name) const {
  const auto at = index_.find({name, true});
  return columns_[at != index_.end() ? at->second : index_.at({name, false})];
}

CellTexts ColumnStore::texts_of(const Column& column) const {
  const auto reader = open_table(path_);
  const auto& names = reader->names();
  const auto place =
      static_cast<std::size_t>(std::find(names.begin(), names.end(), column.name) - names.begin());
  CellTexts texts;
  while (place < names.size() && texts.size() < rows_ && reader->next())
    texts.add(column.is_missing(texts.size()) ? std::string_view() : reader->text(place));
  if (texts.size() != rows_ || reader->next()) throw DataError(path_ + ": changed while it was read");
  return texts;
}

// Rows are not remembered by line: an error reads the file once more, up to its row.
std::string ColumnStore::place(std::size_t row) const {
  const auto reader = open_table(path_);
  for (std::size_t r = 0; r <= row; ++r)
    if (!reader->next()) break;
  return reader->place();
}

}  // namespace shoal
