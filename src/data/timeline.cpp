// SPDX-License-Identifier: Apache-2.0
#include "data/timeline.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <string_view>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "data/time_period.hpp"

namespace shoal {
namespace {

/// Quotes a time for messages; times are never longer.
std::string shown(std::string_view text) {
  return quoted_text(text, 40);
}

/// The first row that has a level of a text column.
std::size_t first_row_of(const Column& column, std::size_t level) {
  const auto row = std::find(column.codes.begin(), column.codes.end(), static_cast<std::int32_t>(level));
  return static_cast<std::size_t>(row - column.codes.begin());
}

std::string place_of(const ColumnStore& table, const Column& column, std::size_t level) {
  return table.location(first_row_of(column, level)) + ": column " + quoted_text(column.name) + " (time): ";
}

std::string without_blanks(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t"), end = text.find_last_not_of(" \t");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

}  // namespace

std::string value_text(const Column& column, std::size_t row) {
  if (!column.numeric) return column.levels[static_cast<std::size_t>(column.codes[row])];
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, column.numbers[row]);
  return {digits, end};
}

Timeline::Timeline(const ColumnStore& table, const TableOptions& options, const std::vector<bool>& usable)
    : column_(table.text_column(options.time)),
      exponents_(column_.stored_as_numbers ? Exponents::are_exact : Exponents::may_hide_digits) {
  if (!options.time_format.empty()) format_.emplace(options.time_format);
  // Rows that are not usable may lack a time.
  for (std::size_t row = 0; row < table.rows(); ++row)
    if (usable[row] && column_.is_missing(row))
      throw DataError(table.location(row) + ": column " + quoted_text(column_.name) + " (time) is missing");
  rank(read_levels(table));
}

TimeReading Timeline::read(const std::string& text) const {
  return format_ ? format_->read(text) : read_time(text, exponents_);
}

std::vector<TimeValue> Timeline::read_levels(const ColumnStore& table) {
  const std::vector<std::string>& texts = column_.levels;
  std::vector<TimeValue> values;
  std::vector<TimeKind> kinds;
  values.reserve(texts.size());
  kinds.reserve(texts.size());
  for (std::size_t level = 0; level < texts.size(); ++level) {
    const TimeReading reading = read(texts[level]);
    if (!reading.time)
      throw DataError(place_of(table, column_, level) + shown(texts[level]) + " " + reading.problem);
    values.push_back(reading.time->value);
    kinds.push_back(reading.time->kind);
  }
  if (texts.empty()) return values;
  kind_ = kinds[0];
  if (std::any_of(kinds.begin(), kinds.end(), [&](TimeKind kind) { return kind != kind_; }))
    refuse_mixture(table, kinds);
  if (kind_ != TimeKind::whole_number) return values;
  if (std::all_of(texts.begin(), texts.end(),
                  [](const auto& text) { return day_of_digits(text).has_value(); })) {
    kind_ = TimeKind::day;
    std::transform(texts.begin(), texts.end(), values.begin(),
                   [](const std::string& text) { return *day_of_digits(text); });
  } else if (const std::string dates = disguised_dates(texts); !dates.empty()) {
    throw DataError(place_of(table, column_, 0) + shown(texts[0]) + " is, like every time of the column, " +
                    dates);
  }
  return values;
}

void Timeline::refuse_mixture(const ColumnStore& table, const std::vector<TimeKind>& kinds) const {
  std::array<std::size_t, time_kinds> rows{};
  for (const std::int32_t code : column_.codes)
    if (code >= 0) ++rows[static_cast<std::size_t>(kinds[static_cast<std::size_t>(code)])];
  const auto rows_of = [&](TimeKind kind) { return rows[static_cast<std::size_t>(kind)]; };
  const auto more = [&](TimeKind a, TimeKind b) { return rows_of(a) < rows_of(b); };
  const auto usual = std::max_element(kinds.begin(), kinds.end(), more);
  auto odd = usual;
  for (auto kind = kinds.begin(); kind != kinds.end(); ++kind)
    if (*kind != *usual && (odd == usual || rows_of(*kind) < rows_of(*odd))) odd = kind;
  const auto level_of = [&](auto kind) { return static_cast<std::size_t>(kind - kinds.begin()); };
  throw DataError(place_of(table, column_, level_of(odd)) + shown(column_.levels[level_of(odd)]) + " is " +
                  std::string(name_of(*odd)) + ", " + std::to_string(rows_of(*usual)) + " other times are " +
                  std::string(plural_of(*usual)) + " such as " + shown(column_.levels[level_of(usual)]) +
                  "; write all times alike");
}

void Timeline::rank(const std::vector<TimeValue>& values) {
  std::vector<std::int32_t> order(values.size()), rank_of_level(values.size());
  std::iota(order.begin(), order.end(), 0);
  const auto value_of = [&](std::int32_t level) { return values[static_cast<std::size_t>(level)]; };
  std::sort(order.begin(), order.end(),
            [&](std::int32_t a, std::int32_t b) { return value_of(a) < value_of(b); });
  for (const std::int32_t level : order) {
    if (sorted_.empty() || sorted_.back() != value_of(level)) sorted_.push_back(value_of(level));
    rank_of_level[static_cast<std::size_t>(level)] = static_cast<std::int32_t>(sorted_.size() - 1);
  }
  ranks_.reserve(column_.codes.size());
  for (const std::int32_t code : column_.codes)
    ranks_.push_back(code < 0 ? 0 : rank_of_level[static_cast<std::size_t>(code)]);
}

std::string Timeline::text(std::size_t row) const {
  return value_text(column_, row);
}

std::optional<std::int64_t> Timeline::year(std::size_t row) const {
  if (kind_ != TimeKind::whole_number) return year_of(kind_, sorted_[static_cast<std::size_t>(ranks_[row])]);
  const std::optional<Time> date = date_of_digits(without_blanks(text(row)));
  if (!date) return std::nullopt;
  return year_of(date->kind, date->value);
}

std::int32_t Timeline::boundary(const std::string& time, const std::string& key) const {
  const TimeValue value = value_of_boundary(without_blanks(time), key);
  return static_cast<std::int32_t>(std::lower_bound(sorted_.begin(), sorted_.end(), value) - sorted_.begin());
}

TimeValue Timeline::value_of_boundary(const std::string& text, const std::string& key) const {
  const auto refuse = [&](const std::string& problem) {
    throw InvalidArgument(key + " = " + shown(text) + ": " + problem);
  };
  const std::string like_times = "the times of column " + quoted_text(column_.name) + " are " +
                                 std::string(plural_of(kind_)) + ", e.g. " + shown(column_.levels.at(0));
  TimeReading reading = read(text);
  if (!reading.time && format_) {  // boundaries may also be written in the formats that need no option
    if (TimeReading known = read_time(text); known.time) reading = known;
  }
  if (!reading.time) refuse(reading.problem + "; " + like_times);
  Time time = *reading.time;
  if (kind_ == TimeKind::whole_number) {
    if (time.kind != kind_) refuse("is " + std::string(name_of(time.kind)) + ", " + like_times);
    return time.value;
  }
  if (time.kind == TimeKind::whole_number) {
    const std::optional<Time> date = date_of_digits(text);
    if (!date) refuse("is a whole number, " + like_times);
    time = *date;
  }
  if (kind_ == TimeKind::offset_date_time && time.kind != kind_)
    refuse("has no offset from UTC, " + like_times + "; write it in full, as in 2003-01-01T00:00Z");
  if (time.kind == TimeKind::offset_date_time && kind_ != time.kind)
    refuse("has an offset from UTC, " + like_times);
  if (start_of_period(kind_, time.value) != time.value)
    refuse("lies inside " + std::string(name_of(kind_)) + ", " + like_times + "; write when one begins");
  return time.value;
}

}  // namespace shoal
