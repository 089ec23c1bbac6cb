// SPDX-License-Identifier: Apache-2.0
// KeyedRows: groups the rows of a table by task key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/column_store.hpp"

namespace shoal {

/// The rows of a key are in file order. Time and memory grow with rows and keys, not with the length of the
/// keys' texts.
class KeyedRows {
 public:
  /// What a missing value in a key column is: an error, or a value like any other (missing_key).
  enum class Missing { refused, is_a_key };

  /// Takes the rows with `usable` set. `key` are columns requested as keys. Throws DataError when a key is
  /// missing in such a row and `missing` is refused. The table must outlive this object.
  KeyedRows(const ColumnStore& table, const std::vector<std::string>& key, const std::vector<bool>& usable,
            Missing missing);

  std::size_t keys() const { return begins_.size() - 1; }
  std::span<std::int32_t> rows(std::size_t key);
  /// The text of a key. For one column it is the cell; for several, their cells joined by '/', with '/'
  /// written as '\/' and '\' as '\\', so that different keys have different texts.
  std::string text(std::size_t key) const;

 private:
  std::vector<const Column*> columns_;
  std::vector<std::int32_t> rows_;
  std::vector<std::size_t> begins_;  ///< index of each key's first row in rows_, and the number of rows
};

/// First 63 bits of SHA-256 of a text: the id of the task with this key (docs/definitions.md).
std::int64_t task_id_of(const std::string& key);

}  // namespace shoal
