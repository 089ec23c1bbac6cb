// SPDX-License-Identifier: Apache-2.0
// Random draws by fixed algorithms, so that a seed means the same on every machine.
#pragma once

#include <cstdint>
#include <random>

namespace shoal::testing {

inline double uniform(std::mt19937_64& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
}
inline int uniform_int(std::mt19937_64& random, int low, int high) {
  return low + static_cast<int>(random() % static_cast<std::uint64_t>(high - low + 1));
}
inline double normal(std::mt19937_64& random) {
  double sum = -6.0;  // Irwin-Hall: a sum of twelve uniforms, which needs no libm
  for (int i = 0; i < 12; ++i) sum += uniform(random, 0.0, 1.0);
  return sum;
}
/// A number rounded to a float.
inline double single(double value) {
  return static_cast<double>(static_cast<float>(value));
}

}  // namespace shoal::testing
