// SPDX-License-Identifier: Apache-2.0
// Timeline: the order of a table's rows in time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/column_store.hpp"

namespace shoal {

/// Times as ranks: equal times have equal ranks. Numbers compare as numbers, text (ISO dates) as text.
class Timeline {
 public:
  /// Throws DataError when a row with `usable` set has no time.
  Timeline(const ColumnStore& table, const std::string& column, const std::vector<bool>& usable);

  std::int32_t rank(std::size_t row) const { return ranks_[row]; }
  std::string text(std::size_t row) const;
  /// Rank of the first time that is not before a boundary of the configuration.
  std::int32_t boundary(const std::string& time) const;

 private:
  const Column& column_;
  std::vector<std::int32_t> ranks_;
  std::vector<double> numbers_;
  std::vector<std::string> texts_;
};

/// A value of a column as text; numbers in the fewest digits that read back to them.
std::string value_text(const Column& column, std::size_t row);

}  // namespace shoal
