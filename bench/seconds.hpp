// SPDX-License-Identifier: Apache-2.0
// Reads a clock of the system, in seconds.
#pragma once

#include <ctime>

namespace shoal::bench {

inline double seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace shoal::bench
