// SPDX-License-Identifier: Apache-2.0
// LevelIndex: finds the place of a text among the levels of a column. It holds no text of its own: four bytes
// a level and their spare room, so that a million levels cost little beside their text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

class LevelIndex {
 public:
  /// The place of `text` in `levels`, which it is appended to when it is not there. Only this index may have
  /// appended to them.
  std::int32_t place_of(std::string_view text, std::vector<std::string>& levels);

 private:
  void grow(const std::vector<std::string>& levels);
  std::vector<std::int32_t> slots_;  ///< places by hash, open addressing; -1 = free; a power of two of them
};

}  // namespace shoal
