// SPDX-License-Identifier: Apache-2.0
#include "data/column_store.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "data/column_findings.hpp"
#include "data/delimiter.hpp"
#include "data/other_notation.hpp"

namespace shoal {

ColumnStore::Kind ColumnStore::kind_of(ColumnType type) {
  return type == ColumnType::text ? Kind::text : type == ColumnType::key ? Kind::key : Kind::value;
}

ColumnStore::ColumnStore(std::unique_ptr<ColumnReader> reader, const TableFormat& format,
                         const std::vector<ColumnRequest>& wanted)
    : reader_(std::move(reader)) {
  std::vector<ColumnRequest> requests;  // one per stored column
  for (const ColumnRequest& request : wanted) {
    const auto [at, fresh] = index_.try_emplace({request.name, kind_of(request.type)}, requests.size());
    if (fresh)
      requests.push_back(request);
    else if (request.type ==
             ColumnType::number)  // requested with both `detect` and `number`: `number` decides
      requests[at->second].type = ColumnType::number;
  }
  try {
    read_ = reader_->read(requests);
  } catch (const NoColumnError& error) {
    const auto missing = std::find_if(wanted.begin(), wanted.end(), [&](const ColumnRequest& request) {
      return request.name == error.column() && !request.asked_by.empty();
    });
    if (missing == wanted.end()) throw;
    throw NoColumnError(std::string(error.what()) + "; " + missing->asked_by + " asks for it",
                        error.column());
  }
  for (std::size_t c = 0; c < requests.size(); ++c)
    if (!read_.columns[c].numeric && requests[c].type == ColumnType::detect)
      refuse_levels(read_.columns[c], requests[c].most_levels, format);
}

/// Refuses a detected text column when it looks like numbers in another notation, or has too many levels to
/// be categories.
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
    throw DataError(location_of_level(column, level) + ": column " + quoted_text(column.name) + ": " +
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
               "its texts are categories nevertheless");
}

std::string ColumnStore::location_of_level(const Column& column, std::size_t level) const {
  const auto row = std::find(column.codes.begin(), column.codes.end(), static_cast<std::int32_t>(level));
  return location(static_cast<std::size_t>(row - column.codes.begin()));
}

const Column& ColumnStore::find(const std::string& name, std::initializer_list<Kind> preferred) const {
  for (const Kind kind : preferred)
    if (const auto at = index_.find({name, kind}); at != index_.end()) return read_.columns[at->second];
  throw InvalidArgument("column " + quoted_text(name) + " is not among the columns that are read");
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
  return reader_->texts_of(static_cast<std::size_t>(&column - read_.columns.data()), column);
}

}  // namespace shoal
