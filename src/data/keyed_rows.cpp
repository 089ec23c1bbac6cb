// SPDX-License-Identifier: Apache-2.0
#include "data/keyed_rows.hpp"

#include <algorithm>
#include <charconv>

#include <shoal/error.hpp>
#include <shoal/table_source.hpp>
#include <shoal/tensor_file.hpp>

namespace shoal {
namespace {

/// A missing value comes after all levels.
std::size_t code_of(const Column& column, std::int32_t row) {
  const std::int32_t code = column.codes[static_cast<std::size_t>(row)];
  return code < 0 ? column.levels.size() : static_cast<std::size_t>(code);
}

const std::string& text_of(const Column& column, std::int32_t row) {
  static const std::string missing(missing_key);
  const std::size_t code = code_of(column, row);
  return code < column.levels.size() ? column.levels[code] : missing;
}

/// Sorts rows by the codes of a column, by counting; keeps the order of rows with equal codes.
void sort_by(const Column& column, std::vector<std::int32_t>& rows) {
  std::vector<std::size_t> next(column.levels.size() + 2, 0);
  for (const std::int32_t row : rows) ++next[code_of(column, row) + 1];
  for (std::size_t code = 1; code < next.size(); ++code) next[code] += next[code - 1];
  std::vector<std::int32_t> sorted(rows.size());
  for (const std::int32_t row : rows) sorted[next[code_of(column, row)]++] = row;
  rows = std::move(sorted);
}

std::string escaped(const std::string& value) {
  std::string part;
  for (const char c : value) {
    if (c == '/' || c == '\\') part += '\\';
    part += c;
  }
  return part;
}

}  // namespace

KeyedRows::KeyedRows(const ColumnStore& table, const std::vector<std::string>& key,
                     const std::vector<bool>& usable, Missing missing) {
  for (const std::string& name : key) columns_.push_back(&table.key_column(name));
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (!usable[row]) continue;
    for (const Column* column : columns_)
      if (missing == Missing::refused && column->is_missing(row))
        throw DataError(table.location(row) + ": column \"" + column->name +
                        "\" (task key) is missing; with tasks.missing = \"mean\" such rows are a key");
    rows_.push_back(static_cast<std::int32_t>(row));
  }
  for (std::size_t c = columns_.size(); c-- > 0;) sort_by(*columns_[c], rows_);
  for (std::size_t i = 0; i < rows_.size(); ++i)
    if (i == 0 || std::any_of(columns_.begin(), columns_.end(), [&](const Column* column) {
          return code_of(*column, rows_[i]) != code_of(*column, rows_[i - 1]);
        }))
      begins_.push_back(i);
  begins_.push_back(rows_.size());
}

std::span<std::int32_t> KeyedRows::rows(std::size_t key) {
  return std::span(rows_).subspan(begins_[key], begins_[key + 1] - begins_[key]);
}

std::string KeyedRows::text(std::size_t key) const {
  const std::int32_t row = rows_[begins_[key]];
  if (columns_.size() == 1) return text_of(*columns_[0], row);
  std::string text;
  for (std::size_t c = 0; c < columns_.size(); ++c)
    text += (c == 0 ? "" : "/") + escaped(text_of(*columns_[c], row));
  return text;
}

std::int64_t task_id_of(const std::string& key) {
  const std::string digest = sha256(key);
  std::uint64_t bits = 0;
  std::from_chars(digest.data(), digest.data() + 16, bits, 16);
  return static_cast<std::int64_t>(bits >> 1);
}

}  // namespace shoal
