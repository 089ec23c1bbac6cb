// SPDX-License-Identifier: Apache-2.0
// What the host's stand-in for a device should be like, and what it has seen.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace simt {

struct DevicePlan {
  bool present = true;
  int devices = 1;
  std::int64_t shared_per_block = 227 * 1024;
  long fails_at = 0;  ///< the call of the device layer that throws, counted from 1; 0 = none
  std::int64_t memory = std::int64_t{1} << 30;  ///< bytes that may be allocated on the device at a time
};
/// Also starts the count of calls anew.
void set_device(const DevicePlan& plan);
long device_calls();
/// One more call of the device layer, which may be the one that fails.
void count_device_call(const char* what);
/// Of device and pinned memory, streams, events and graphs: those that the device layer made, and device
/// memory that others have taken from the same place (allocate_device_memory).
long live_objects();
std::int64_t live_bytes();
/// Blocks of threads given to the processor: launches that really ran, inside of graphs or not.
long launches_run();
long graphs_run();
/// Names of the profiler ranges entered since the last call; empty while one is still open.
std::vector<std::string> take_ranges();

// What the device layer and CUDA's interface for programs (tests/simt/runtime) are both made of.
/// Holds what nobody has written; null when there is no more.
void* allocate_device_memory(std::size_t bytes, int device);
/// When `stream` gets there.
void release_device_memory(void* memory, void* stream);
/// Nothing for memory of the host.
std::optional<int> device_of_memory(const void* memory);
/// A copy to the host; when nobody has written the memory that is a fault.
void fetch_device_memory(void* to, const void* from, std::size_t bytes);
/// Runs what the stream was given; the first fault, or "".
std::string run_and_take_fault(void* stream);
/// Of the calling thread.
int& device_of_thread();

}  // namespace simt
