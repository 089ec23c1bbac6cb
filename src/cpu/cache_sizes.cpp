// SPDX-License-Identifier: Apache-2.0
#include "cpu/cache_sizes.hpp"

#include <unistd.h>

#include <algorithm>

namespace shoal::cpu {
namespace {

// Virtual machines may report caches that they share with many others, or none at all.
constexpr std::size_t least_budget = 2u << 20, most_budget = 16u << 20;
constexpr std::size_t usual_second_level = 1u << 20, usual_third_level_a_thread = 8u << 20;

std::size_t cache_bytes_or([[maybe_unused]] int name, std::size_t otherwise) {
  const long bytes = ::sysconf(name);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : otherwise;
}

}  // namespace

std::size_t tape_budget(int threads) {
#if defined(_SC_LEVEL2_CACHE_SIZE) && defined(_SC_LEVEL3_CACHE_SIZE)
  const auto share = static_cast<std::size_t>(std::max(1, threads));
  const std::size_t second = cache_bytes_or(_SC_LEVEL2_CACHE_SIZE, usual_second_level),
                    third = cache_bytes_or(_SC_LEVEL3_CACHE_SIZE, usual_third_level_a_thread * share) / share;
#else
  const std::size_t second = usual_second_level, third = usual_third_level_a_thread;
  static_cast<void>(threads);
#endif
  return std::clamp(second + third / 2, least_budget, most_budget);
}

}  // namespace shoal::cpu
