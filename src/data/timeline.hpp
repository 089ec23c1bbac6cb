// SPDX-License-Identifier: Apache-2.0
// Timeline: the order of a table's rows in time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/column_store.hpp"

namespace shoal {

/// Times as ranks: equal times have equal ranks. Numbers compare as numbers, text as text: it must be written
/// so that this is the order of time, the year first and all alike (2003-01-31, 2003-01-31T16:00, 2003Q1).
class Timeline {
 public:
  /// Throws DataError when a row with `usable` set has no time, and for text that does not sort by time.
  Timeline(const ColumnStore& table, const std::string& column, const std::vector<bool>& usable);

  std::int32_t rank(std::size_t row) const { return ranks_[row]; }
  std::string text(std::size_t row) const;
  /// Rank of the first time that is not before a boundary of the configuration. Throws InvalidArgument when
  /// it is written in another way than the column.
  std::int32_t boundary(const std::string& time) const;

 private:
  const Column& column_;
  std::vector<std::int32_t> ranks_;
  std::vector<double> numbers_;
  std::vector<std::string> texts_;
  std::string layout_;  ///< of the longest text, digits as 0
};

/// A value of a column as text; numbers in the fewest digits that read back to them.
std::string value_text(const Column& column, std::size_t row);

}  // namespace shoal
