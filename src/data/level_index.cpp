// SPDX-License-Identifier: Apache-2.0
#include "data/level_index.hpp"

#include <functional>

namespace shoal {
namespace {

std::size_t slot_of(std::string_view text, std::size_t slots) {
  return std::hash<std::string_view>()(text) & (slots - 1);
}

}  // namespace

std::int32_t LevelIndex::place_of(std::string_view text, std::vector<std::string>& levels) {
  if (levels.size() * 2 >= slots_.size()) grow(levels);
  for (std::size_t slot = slot_of(text, slots_.size());; slot = (slot + 1) & (slots_.size() - 1)) {
    if (slots_[slot] < 0) {
      slots_[slot] = static_cast<std::int32_t>(levels.size());
      levels.emplace_back(text);
      return slots_[slot];
    }
    if (levels[static_cast<std::size_t>(slots_[slot])] == text) return slots_[slot];
  }
}

void LevelIndex::grow(const std::vector<std::string>& levels) {
  slots_.assign(slots_.empty() ? 16 : slots_.size() * 2, -1);
  for (std::size_t level = 0; level < levels.size(); ++level) {
    std::size_t slot = slot_of(levels[level], slots_.size());
    while (slots_[slot] >= 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<std::int32_t>(level);
  }
}

}  // namespace shoal
