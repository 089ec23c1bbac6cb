// SPDX-License-Identifier: Apache-2.0
// Random tables in two forms: as a CSV file and as columns in memory.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <shoal/memory_table.hpp>

namespace shoal::testing {

/// A column as the cells of a file. With `as_numbers` it is a column of doubles in memory, and the cells are
/// the digits of these numbers; otherwise it is a column of text.
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
  /// The columns in memory; missing values, levels and ownership are expressed in random ways.
  std::vector<TableColumn> in_memory(std::mt19937_64& random) const;
};

/// Makes tables of every kind: keys, times, windows, splits, missing values, categories, labels, words,
/// offsets.
RandomColumns random_columns(std::mt19937_64& random);
/// Makes one cell wrong or removes a column, so that the table is often refused.
void spoil(RandomColumns& table, std::mt19937_64& random);

/// The digits of a number; whole numbers are written in full.
std::string digits_of(double value);

}  // namespace shoal::testing
