// SPDX-License-Identifier: Apache-2.0
#include "data/timeline.hpp"

#include <algorithm>
#include <charconv>

#include <shoal/error.hpp>

#include "data/number_notation.hpp"

namespace shoal {
namespace {

template <class T>
std::int32_t rank_in(const std::vector<T>& sorted, const T& value) {
  return static_cast<std::int32_t>(std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin());
}

/// How a time is written: 2003-01-31 as 0000-00-00.
std::string layout_of(std::string text) {
  for (char& c : text)
    if (c >= '0' && c <= '9') c = '0';
  return text;
}

}  // namespace

std::string value_text(const Column& column, std::size_t row) {
  if (!column.numeric) return column.levels[static_cast<std::size_t>(column.codes[row])];
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, column.numbers[row]);
  return {digits, end};
}

Timeline::Timeline(const ColumnStore& table, const std::string& column, const std::vector<bool>& usable)
    : column_(table.column(column)), ranks_(table.rows(), 0) {
  for (std::size_t row = 0; row < table.rows(); ++row)
    if (usable[row] && column_.is_missing(row))
      throw DataError(table.place(row) + ": column \"" + column + "\" (time) is missing");
  // Rows that are not usable may have no time.
  if (column_.numeric) {
    for (std::size_t row = 0; row < table.rows(); ++row)
      if (!column_.is_missing(row)) numbers_.push_back(column_.numbers[row]);
    std::sort(numbers_.begin(), numbers_.end());
    numbers_.erase(std::unique(numbers_.begin(), numbers_.end()), numbers_.end());
    for (std::size_t row = 0; row < table.rows(); ++row)
      if (!column_.is_missing(row)) ranks_[row] = rank_in(numbers_, column_.numbers[row]);
    return;
  }
  for (const std::string& level : column_.levels)
    if (level.size() > layout_.size()) layout_ = layout_of(level);
  for (std::size_t level = 0; level < column_.levels.size(); ++level) {
    const std::string& text = column_.levels[level];
    const std::string layout = layout_of(text);
    const bool year_first = layout.starts_with("0000");
    if (year_first && layout_.starts_with(layout)) continue;
    const auto row = std::find(column_.codes.begin(), column_.codes.end(), static_cast<std::int32_t>(level));
    throw DataError(table.place(static_cast<std::size_t>(row - column_.codes.begin())) + ": column \"" +
                    column + "\" (time): \"" + text + "\" is " +
                    (year_first ? "not written like the other times" : "text that does not sort by time") +
                    "; write all like 2003-01-31 (the year first, months and days in two digits), or as "
                    "numbers");
  }
  texts_ = column_.levels;
  std::sort(texts_.begin(), texts_.end());
  std::vector<std::int32_t> rank_of_level;
  for (const std::string& level : column_.levels) rank_of_level.push_back(rank_in(texts_, level));
  for (std::size_t row = 0; row < table.rows(); ++row)
    if (column_.codes[row] >= 0) ranks_[row] = rank_of_level[static_cast<std::size_t>(column_.codes[row])];
}

std::string Timeline::text(std::size_t row) const {
  return value_text(column_, row);
}

std::int32_t Timeline::boundary(const std::string& time) const {
  if (!column_.numeric) {
    const std::string layout = layout_of(time);
    if (!layout.starts_with("0000") || !(layout_.starts_with(layout) || layout.starts_with(layout_)))
      throw InvalidArgument("tasks.split: boundary \"" + time +
                            "\" is not written like the times of column \"" + column_.name + "\", e.g. \"" +
                            column_.levels[0] + "\"");
    return rank_in(texts_, time);
  }
  double value = 0.0;
  if (NumberNotation(TableFormat{}).read(time, value) != FieldKind::number)
    throw InvalidArgument("tasks.split: boundary \"" + time + "\" is not a number, but column \"" +
                          column_.name + "\" is");
  return rank_in(numbers_, value);
}

}  // namespace shoal
