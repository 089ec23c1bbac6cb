// SPDX-License-Identifier: Apache-2.0
// KeyedRows: the rows of a table, those of one task key together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/column_store.hpp"

namespace shoal {

/// Rows of the table in file order within a key. Time and memory grow with rows and keys, not with the length
/// of the keys' texts.
class KeyedRows {
 public:
  /// Takes the rows with `usable` set. `key`: columns asked for as text. Throws DataError when one of them is
  /// missing in a row that is taken. The table must outlive this.
  KeyedRows(const ColumnStore& table, const std::vector<std::string>& key, const std::vector<bool>& usable);

  std::size_t keys() const { return begins_.size() - 1; }
  std::span<std::int32_t> rows(std::size_t key);
  /// One column: the cell's text. Several: their texts joined by '/', in which '/' and '\' are written '\/'
  /// and
  /// '\\', so that no two keys are alike.
  std::string text(std::size_t key) const;

 private:
  std::vector<const Column*> columns_;
  std::vector<std::int32_t> rows_;
  std::vector<std::size_t> begins_;  ///< of every key in rows_, and the end
};

/// First 63 bits of SHA-256 of a text: the id of the task with this key (docs/definitions.md).
std::int64_t task_id_of(const std::string& key);

}  // namespace shoal
