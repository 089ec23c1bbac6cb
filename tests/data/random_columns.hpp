// SPDX-License-Identifier: Apache-2.0
// Random tables that exist twice: as a CSV file and as columns in memory.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <shoal/memory_table.hpp>

namespace shoal::testing {

/// A column as the cells of a file. `as_numbers`: in memory it is one of doubles, and its cells are the
/// digits that name them; else one of text.
struct CellColumn {
  std::string name;
  bool as_numbers = false;
  std::vector<std::string> cells;  ///< empty = missing
};

struct RandomColumns {
  TableOptions options;  ///< without a path
  TargetType target;
  std::vector<CellColumn> columns;

  std::string csv() const;
  /// Missing values, levels and ownership in any of the ways that there are.
  std::vector<TableColumn> in_memory(std::mt19937_64& random) const;
};

/// Tables of every kind: keys, times, windows, splits, missing values, categories, labels, words, offsets.
RandomColumns random_columns(std::mt19937_64& random);
/// Makes one cell wrong, or takes a column away: often the table is refused then.
void spoil(RandomColumns& table, std::mt19937_64& random);

/// The digits that name a number: whole numbers in full.
std::string digits_of(double value);

}  // namespace shoal::testing
