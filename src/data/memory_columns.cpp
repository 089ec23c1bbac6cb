// SPDX-License-Identifier: Apache-2.0
#include "data/memory_columns.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <string_view>
#include <unordered_set>

#include <shoal/error.hpp>
#include <shoal/nearest_name.hpp>
#include <shoal/quoted_text.hpp>

#include "core/float_environment.hpp"
#include "data/column_findings.hpp"
#include "data/delimiter.hpp"
#include "data/level_index.hpp"
#include "data/table_format.hpp"
#include "data/utf8.hpp"

namespace shoal {
namespace {

/// Removes surrounding blanks, as reading a field of a file does.
std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Writes numbers as text. Whole numbers are written in full, so that a key is 100000 and not 1e+05.
class NumberText {
 public:
  std::string_view of(double value) {
    constexpr double beyond = 9223372036854775808.0;  // 2^63
    const bool whole = value == std::trunc(value) && std::abs(value) < beyond;
    const bool negative_zero = value == 0.0 && std::signbit(value);
    char* const end = digits_.data() + digits_.size();
    const auto result = whole && !negative_zero
                            ? std::to_chars(digits_.data(), end, static_cast<std::int64_t>(value))
                            : std::to_chars(digits_.data(), end, value);
    return {digits_.data(), static_cast<std::size_t>(result.ptr - digits_.data())};
  }

 private:
  std::array<char, 64> digits_{};
};

/// A level of a text column that occurs in its rows.
struct UsedLevel {
  std::size_t level = 0, first_row = 0, rows = 0;
};

/// The levels that occur, in the order of their first row.
std::vector<UsedLevel> used_levels(const TableColumn& column) {
  constexpr std::size_t unused = static_cast<std::size_t>(-1);
  std::vector<std::size_t> place(column.levels().size(), unused);
  std::vector<UsedLevel> used;
  for (std::size_t row = 0; row < column.rows(); ++row) {
    if (column.is_missing(row)) continue;
    const auto level = static_cast<std::size_t>(column.codes()[row]);
    if (place[level] == unused) {
      place[level] = used.size();
      used.push_back({level, row, 0});
    }
    ++used[place[level]].rows;
  }
  return used;
}

}  // namespace

MemoryColumns::MemoryColumns(std::span<const TableColumn> columns, const TableFormat& format)
    : table_(columns.begin(), columns.end()),
      format_(format),
      notation_(format),
      plain_notation_(plain_format(format)) {
  if (table_.empty()) throw DataError(name_ + ": it has no columns");
  const TableColumn& first = table_.front();
  for (const TableColumn& column : table_)
    if (column.rows() != first.rows())
      throw DataError(name_ + ": column " + quoted_text(column.name()) + " has " +
                      std::to_string(column.rows()) + " rows, column " + quoted_text(first.name()) + " has " +
                      std::to_string(first.rows()));
  if (first.rows() == 0) throw DataError(name_ + ": it has no rows");
  if (first.rows() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw DataError(name_ + ": more than 2^31 - 1 rows");
}

const TableColumn& MemoryColumns::find(const std::string& wanted) const {
  const auto is_wanted = [&](const TableColumn& column) { return column.name() == wanted; };
  const auto at = std::find_if(table_.begin(), table_.end(), is_wanted);
  if (at == table_.end()) {
    std::vector<std::string> names;
    names.reserve(table_.size());
    for (const TableColumn& column : table_) names.push_back(column.name());
    throw NoColumnError(name_ + ": there is no column " + quoted_text(wanted) + did_you_mean(wanted, names),
                        wanted);
  }
  if (const auto twice = std::find_if(at + 1, table_.end(), is_wanted); twice != table_.end())
    throw DataError(name_ + ": column " + quoted_text(wanted) + " occurs twice (columns " +
                    std::to_string(at - table_.begin() + 1) + " and " +
                    std::to_string(twice - table_.begin() + 1) + ")");
  return *at;
}

bool MemoryColumns::has_columns(const std::vector<std::string>& wanted,
                                const std::vector<std::string>& asked) const {
  for (const std::string& name : wanted) find(name);
  std::unordered_set<std::string_view> names;
  for (const TableColumn& column : table_) names.insert(column.name());
  return std::all_of(asked.begin(), asked.end(), [&](const auto& name) { return names.contains(name); });
}

ReadColumns MemoryColumns::read(const std::vector<ColumnRequest>& requests) {
  ReadColumns result;
  result.rows = table_.front().rows();
  for (const ColumnRequest& request : requests) read_.push_back(&find(request.name));
  for (std::size_t r = 0; r < requests.size(); ++r) {
    Column& column = result.columns.emplace_back();
    column.name = requests[r].name;
    column.stored_as_numbers = read_[r]->holds_numbers();
    if (!column.stored_as_numbers)
      read_texts(*read_[r], requests[r].type, column);
    else if (requests[r].as_text())
      read_number_texts(*read_[r], requests[r].type, column);
    else
      read_numbers(*read_[r], column);
  }
  return result;
}

void MemoryColumns::read_numbers(const TableColumn& from, Column& to) const {
  ColumnFindings found;
  NumberText digits;
  to.numbers = from.numbers();
  for (std::size_t row = 0; row < from.rows(); ++row) {
    const double value = from.numbers()[row];
    const bool missing = from.is_missing(row) ||
                         // an infinity is missing when its text is a missing word
                         (std::isinf(value) ? plain_notation_.is_missing_text(digits.of(value))
                                            : plain_notation_.is_missing_number(value));
    if (missing) {
      to.missing.resize(from.rows());
      to.missing[row] = true;
    } else if (std::isinf(value)) {
      found.note(FieldKind::infinite, digits.of(value), [&] { return location(row); });
    }
  }
  found.refuse_odd_values(to.name, true, format_);
}

void MemoryColumns::read_number_texts(const TableColumn& from, ColumnType type, Column& to) const {
  to.numeric = false;
  to.codes.reserve(from.rows());
  LevelIndex level_of;
  NumberText digits;
  for (std::size_t row = 0; row < from.rows(); ++row) {
    const std::string_view text = from.is_missing(row) ? std::string_view() : digits.of(from.numbers()[row]);
    const bool missing = type == ColumnType::key ? text.empty() : plain_notation_.is_missing_text(text);
    to.codes.push_back(missing ? -1 : level_of.place_of(text, to.levels));
  }
}

void MemoryColumns::read_texts(const TableColumn& from, ColumnType type, Column& to) const {
  const std::vector<UsedLevel> used = used_levels(from);
  std::vector<FieldKind> kinds(from.levels().size(), FieldKind::missing);
  std::vector<double> values(from.levels().size(), std::numeric_limits<double>::quiet_NaN());
  ColumnFindings found;
  for (const UsedLevel& level : used) {
    const std::string_view text = trimmed(from.levels()[level.level]);
    const auto refuse = [&](const char* what) {
      throw DataError(location(level.first_row) + ": column " + quoted_text(to.name) + ": " +
                      quoted_text(text, 40) + what);
    };
    if (!is_utf8(text)) refuse(" is not UTF-8");
    if (text.find('\0') != std::string_view::npos) refuse(" holds a zero byte");
    kinds[level.level] = notation_.read(text, values[level.level]);
    found.note(
        kinds[level.level], text, [&] { return location(level.first_row); }, level.rows);
  }
  const bool as_text = type == ColumnType::text || type == ColumnType::key;
  if (!as_text) found.refuse_odd_values(to.name, type == ColumnType::number, format_);
  to.numeric = !as_text && found.is_numeric();

  if (to.numeric) {
    const auto numbers = std::make_shared<std::vector<double>>();
    numbers->reserve(from.rows());
    for (std::size_t row = 0; row < from.rows(); ++row) {
      const auto level = static_cast<std::size_t>(from.codes()[row]);
      const bool missing = from.is_missing(row) || kinds[level] == FieldKind::missing;
      if (missing) {
        to.missing.resize(from.rows());
        to.missing[row] = true;
      }
      numbers->push_back(missing ? std::numeric_limits<double>::quiet_NaN() : values[level]);
    }
    to.numbers = *numbers;
    to.owner = numbers;
    return;
  }
  // Levels that differ only in surrounding blanks are one level. Codes are given in the order of the first
  // rows.
  LevelIndex level_of;
  std::vector<std::int32_t> code_of(from.levels().size(), -1);
  for (const UsedLevel& level : used) {
    const std::string_view text = trimmed(from.levels()[level.level]);
    const bool missing = type == ColumnType::key ? text.empty() : notation_.is_missing_text(text);
    if (!missing) code_of[level.level] = level_of.place_of(text, to.levels);
  }
  to.codes.reserve(from.rows());
  for (std::size_t row = 0; row < from.rows(); ++row)
    to.codes.push_back(from.is_missing(row) ? -1 : code_of[static_cast<std::size_t>(from.codes()[row])]);
}

CellTexts MemoryColumns::texts_of(std::size_t request, const Column& column) const {
  const FloatEnvironment environment;  // flushing denormals to zero would change the digits of a number
  const TableColumn& from = *read_[request];
  CellTexts texts;
  NumberText digits;
  for (std::size_t row = 0; row < from.rows(); ++row) {
    if (column.is_missing(row))
      texts.add("");
    else if (from.holds_numbers())
      texts.add(digits.of(from.numbers()[row]));
    else
      texts.add(trimmed(from.levels()[static_cast<std::size_t>(from.codes()[row])]));
  }
  return texts;
}

std::string MemoryColumns::location(std::size_t row) const {
  return name_ + " row " + std::to_string(row);
}

}  // namespace shoal
