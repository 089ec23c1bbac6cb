// SPDX-License-Identifier: Apache-2.0
// Timeline: the times of a table's rows, as ranks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <shoal/table_source.hpp>

#include "data/column_store.hpp"
#include "data/time_format.hpp"
#include "data/time_layout.hpp"

namespace shoal {

/// Equal instants, or equal whole numbers, have equal ranks, however they are written. All times of a column
/// are of one kind (docs/formats.md).
class Timeline {
 public:
  /// Reads the column options.time by options.time_format, or else in one of the formats that need no option.
  /// Throws DataError when a row with `usable` set has no time, when a text is not a time, and when times are
  /// of different kinds.
  Timeline(const ColumnStore& table, const TableOptions& options, const std::vector<bool>& usable);

  std::int32_t rank(std::size_t row) const { return ranks_[row]; }
  /// The different times, by rank.
  const std::vector<TimeValue>& sorted() const { return sorted_; }
  /// The time as the file writes it.
  std::string text(std::size_t row) const;
  /// The calendar year of a row that has a time. Whole numbers have one where they are written with four
  /// digits; else it is empty.
  std::optional<std::int64_t> year(std::size_t row) const;
  /// The rank of the first time that is not before `time`, the value of configuration key `key`. It may be
  /// coarser than the column (2018 for days): then it means the beginning of that period. Throws
  /// InvalidArgument when it is not a time, cannot be compared with the column, or lies inside one of the
  /// column's periods.
  std::int32_t boundary(const std::string& time, const std::string& key) const;

 private:
  TimeReading read(const std::string& text) const;
  /// Reads the column's levels, and sets the kind.
  std::vector<TimeValue> read_levels(const ColumnStore& table);
  [[noreturn]] void refuse_mixture(const ColumnStore& table, const std::vector<TimeKind>& kinds) const;
  void rank(const std::vector<TimeValue>& values);
  TimeValue value_of_boundary(const std::string& text, const std::string& key) const;

  const Column& column_;
  std::optional<TimeFormat> format_;
  Exponents exponents_;
  TimeKind kind_ = TimeKind::whole_number;
  std::vector<TimeValue> sorted_;    ///< by rank
  std::vector<std::int32_t> ranks_;  ///< by row
};

/// The value of a column as text; a number in the fewest digits that read back to it.
std::string value_text(const Column& column, std::size_t row);

}  // namespace shoal
