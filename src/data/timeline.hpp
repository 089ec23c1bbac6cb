// SPDX-License-Identifier: Apache-2.0
// Timeline: the order of a table's rows in time.
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

/// The times of a table as ranks: equal instants, or equal whole numbers, have equal ranks, however they are
/// written. All times of a column are of one kind (docs/formats.md).
class Timeline {
 public:
  /// Reads the column options.time by options.time_format, else as it is read without being told. Throws
  /// DataError when a row with `usable` set has no time, for text that is no time, and for times of two
  /// kinds.
  Timeline(const ColumnStore& table, const TableOptions& options, const std::vector<bool>& usable);

  std::int32_t rank(std::size_t row) const { return ranks_[row]; }
  /// The time as the file writes it.
  std::string text(std::size_t row) const;
  /// Rank of the first time that is not before the boundary that configuration key `key` names. It may be
  /// coarser than the column (2018 for days): then it is the begin of that period. Throws InvalidArgument
  /// when it is no time, cannot be compared with the column, or lies inside one of its periods.
  std::int32_t boundary(const std::string& time, const std::string& key) const;

 private:
  TimeReading read(const std::string& text) const;
  /// The values of the column's levels; sets the kind.
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

/// A value of a column as text; numbers in the fewest digits that read back to them.
std::string value_text(const Column& column, std::size_t row);

}  // namespace shoal
