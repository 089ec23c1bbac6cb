// SPDX-License-Identifier: Apache-2.0
// Column: one column of a table as the building of tasks sees it, and how a column is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace shoal {

/// A column of numbers, or of text as codes into `levels`.
struct Column {
  std::string name;
  bool numeric = true;
  bool stored_as_numbers = false;        ///< .npy or memory: its texts, if any, were made out of numbers
  std::span<const double> numbers;       ///< numeric only; where a value is missing any number may stand
  std::shared_ptr<const void> owner;     ///< keeps the memory of `numbers`; null: the reader does
  std::vector<std::int32_t> codes = {};  ///< text only; -1 = missing
  std::vector<std::string> levels = {};  ///< in order of their first row
  std::vector<bool> missing = {};        ///< numeric only; empty when nothing is missing

  bool is_missing(std::size_t row) const {
    return numeric ? !missing.empty() && missing[row] : codes[row] < 0;
  }
};

/// How a column's type is found. `detect`: numbers when every value is one, text when none is; a mixture is
/// refused. `number`: every value must be one. `text`: as it is written; missing are the empty field and the
/// words for it. `key`: as it is written; missing is the empty field alone, for a key may be named NA.
enum class ColumnType { detect, number, text, key };

struct ColumnRequest {
  std::string name;
  ColumnType type = ColumnType::detect;
  /// Detected text is refused above so many levels, and when most of them are numbers in another notation:
  /// every level would be a model's input.
  std::size_t most_levels = std::numeric_limits<std::size_t>::max();

  /// Whether the column stays text whatever its values look like.
  bool as_text() const { return type == ColumnType::text || type == ColumnType::key; }
};

}  // namespace shoal
