// SPDX-License-Identifier: Apache-2.0
// LevelIndex: finds the index of a text among the levels of a column. It stores four bytes per slot and no
// text of its own, so that a million levels cost little more than their texts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

class LevelIndex {
 public:
  /// The index of `text` in `levels`; appends it when it is not there. Nobody else may append to `levels`.
  std::int32_t place_of(std::string_view text, std::vector<std::string>& levels);

 private:
  void grow(const std::vector<std::string>& levels);
  /// indices by hash, open addressing; -1 = free; the size is a power of two
  std::vector<std::int32_t> slots_;
};

}  // namespace shoal
