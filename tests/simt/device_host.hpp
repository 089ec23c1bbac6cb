// SPDX-License-Identifier: Apache-2.0
// What the host's stand-in for a device should be like, and what it has seen.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace simt {

struct DevicePlan {
  bool present = true;
  std::int64_t shared_per_block = 227 * 1024;
  long fails_at = 0;  ///< the call of the device layer that throws, counted from 1; 0 = none
  std::int64_t memory = std::int64_t{1} << 30;  ///< bytes that may be allocated on the device at a time
};
/// Also starts the count of calls anew.
void set_device(const DevicePlan& plan);
long device_calls();
/// One more call of the device layer, which may be the one that fails.
void count_device_call(const char* what);
/// Of device and pinned memory, streams, events and graphs.
long live_objects();
std::int64_t live_bytes();
/// Blocks of threads given to the processor: launches that really ran, inside of graphs or not.
long launches_run();
long graphs_run();
/// Names of the profiler ranges entered since the last call; empty while one is still open.
std::vector<std::string> take_ranges();

}  // namespace simt
