// SPDX-License-Identifier: Apache-2.0
// Column: one column of a table in memory, and the request for one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace shoal {

/// A column of numbers, or of texts as codes, which are indices into `levels`.
struct Column {
  std::string name;
  bool numeric = true;
  bool stored_as_numbers = false;   ///< from .npy or memory: its texts, if it has any, were made from numbers
  std::span<const double> numbers;  ///< of a numeric column; any number where a value is missing
  std::shared_ptr<const void> owner;     ///< keeps the memory of `numbers`; null: the ColumnReader does
  std::vector<std::int32_t> codes = {};  ///< of a text column; -1 = missing
  std::vector<std::string> levels = {};  ///< in order of their first row
  std::vector<bool> missing = {};        ///< of a numeric column; empty when no value is missing

  bool is_missing(std::size_t row) const {
    return numeric ? !missing.empty() && missing[row] : codes[row] < 0;
  }
};

/// How the type of a column is decided. `detect`: numbers if all values are numbers, text if none is; a
/// mixture is an error. `number`: all values must be numbers. `text`: the field as it is written; it is
/// missing when it is empty or a word for "missing". `key`: the field as it is written; only an empty one is
/// missing, because a key may be named NA.
enum class ColumnType { detect, number, text, key };

struct ColumnRequest {
  std::string name;
  ColumnType type = ColumnType::detect;
  /// A detected text column with more levels is an error, and so is one whose levels are mostly numbers in
  /// another notation: every level would be an input of the model.
  std::size_t most_levels = std::numeric_limits<std::size_t>::max();
  std::string asked_by = {};  ///< the key of the configuration that names the column, for messages

  /// Whether the column is text even if its values look like numbers.
  bool as_text() const { return type == ColumnType::text || type == ColumnType::key; }
};

inline ColumnRequest request_for(std::string name, ColumnType type, std::string asked_by) {
  ColumnRequest request{std::move(name), type};
  request.asked_by = std::move(asked_by);
  return request;
}

}  // namespace shoal
