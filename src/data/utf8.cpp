// SPDX-License-Identifier: Apache-2.0
#include "data/utf8.hpp"

#include <cstddef>

namespace shoal {

bool is_utf8(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  for (std::size_t i = 0; i < bytes.size();) {
    const unsigned char first = byte(i);
    const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || i + length > bytes.size()) return false;
    // The range of the second byte excludes overlong forms, surrogates, and code points above U+10FFFF.
    const unsigned char low = first == 0xe0   ? 0xa0
                              : first == 0xf0 ? 0x90
                                              : 0x80,
                        high = first == 0xed   ? 0x9f
                               : first == 0xf4 ? 0x8f
                                               : 0xbf;
    for (std::size_t k = 1; k < length; ++k)
      if (byte(i + k) < (k == 1 ? low : 0x80) || byte(i + k) > (k == 1 ? high : 0xbf)) return false;
    i += length;
  }
  return true;
}

}  // namespace shoal
