// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "data/utf8.hpp"

namespace shoal {
namespace {

/// Encodes a code point in `bytes` bytes, even if that is not the right number.
std::string encoded(std::uint32_t point, int bytes) {
  if (bytes == 1) return {static_cast<char>(point)};
  std::string text;
  for (int k = 0; k < bytes - 1; ++k) {
    text.insert(text.begin(), static_cast<char>(0x80 | (point & 0x3f)));
    point >>= 6;
  }
  const int lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  text.insert(text.begin(), static_cast<char>(lead[bytes] | static_cast<int>(point)));
  return text;
}

TEST(Utf8, EveryCodePointInItsShortestFormAndNoOther) {
  for (std::uint32_t point = 0; point < 0x120000; ++point) {
    const int shortest = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    const bool is_character = point < 0x110000 && !(point >= 0xd800 && point < 0xe000);
    for (int bytes = shortest; bytes <= 4; ++bytes)
      ASSERT_EQ(is_utf8("a" + encoded(point, bytes) + "z"), is_character && bytes == shortest) << point;
    if (shortest > 1) {
      std::string cut = encoded(point, shortest);
      cut.pop_back();
      ASSERT_FALSE(is_utf8(cut)) << point;
      ASSERT_FALSE(is_utf8(cut + "z")) << point;
    }
  }
  for (int byte = 0x80; byte < 0x100; ++byte) EXPECT_FALSE(is_utf8(std::string(1, static_cast<char>(byte))));
}

}  // namespace
}  // namespace shoal
