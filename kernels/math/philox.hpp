// SPDX-License-Identifier: Apache-2.0
// Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"): computes
// four random words from a counter and a key, with no state between calls (contract N4).
#pragma once

#include <cstdint>

#include "kernels/math/lanes.hpp"

namespace shoal::kernels {

struct PhiloxCounter {
  std::uint32_t word[4];
};
struct PhiloxKey {
  std::uint32_t word[2];
};

SHOAL_HD PhiloxCounter philox(PhiloxCounter c, PhiloxKey k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xd2511f53u} * c.word[0];
    const std::uint64_t b = std::uint64_t{0xcd9e8d57u} * c.word[2];
    c = {{static_cast<std::uint32_t>(b >> 32) ^ c.word[1] ^ k.word[0], static_cast<std::uint32_t>(b),
          static_cast<std::uint32_t>(a >> 32) ^ c.word[3] ^ k.word[1], static_cast<std::uint32_t>(a)}};
    k.word[0] += 0x9e3779b9u;  // golden ratio
    k.word[1] += 0xbb67ae85u;  // sqrt(3) - 1
  }
  return c;
}

}  // namespace shoal::kernels
