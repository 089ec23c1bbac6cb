// SPDX-License-Identifier: Apache-2.0
// What the host's stand-in for a device should be like, and what it has seen.
#pragma once

#include <cstdint>

namespace simt {

struct DevicePlan {
  bool present = true;
  std::int64_t shared_per_block = 227 * 1024;
  long fails_at = 0;  ///< the call of the device layer that throws, counted from 1; 0 = none
};
/// Also starts the count of calls anew.
void set_device(const DevicePlan& plan);
long device_calls();
/// One more call of the device layer, which may be the one that fails.
void count_device_call(const char* what);
long live_allocations();

}  // namespace simt
