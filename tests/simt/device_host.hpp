// SPDX-License-Identifier: Apache-2.0
// Controls the device that the host simulates, and tells what it has done.
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
  long fails_at = 0;  ///< number of the call of the device layer that throws, from 1; 0 = none
  std::int64_t memory = std::int64_t{1} << 30;  ///< bytes of device memory that can be in use at once
};
/// Sets the properties and resets the count of calls.
void set_device(const DevicePlan& plan);
long device_calls();
/// Counts a call of the device layer; throws if it is the one that must fail.
void count_device_call(const char* what);
/// Number and bytes of live objects: device and pinned memory, streams, events and graphs of the device
/// layer, and device memory that others have allocated (allocate_device_memory).
long live_objects();
std::int64_t live_bytes();
/// Number of launches that really ran, inside of graphs or not.
long launches_run();
long graphs_run();
/// Names of the profiler ranges entered since the last call; empty while one is still open.
std::vector<std::string> take_ranges();

/// Counts an object of the device layer that is not of device_host.cpp: 1 when it begins to live, -1 when it
/// ends.
void count_live_object(int change);
// Functions on which the device layer and CUDA's interface for programs (tests/simt/runtime) are built.
/// Allocates memory that counts as unwritten; null when there is no more.
void* allocate_device_memory(std::size_t bytes, int device);
/// Frees the memory when `stream` gets there.
void release_device_memory(void* memory, void* stream);
/// The device of an address; empty for host memory.
std::optional<int> device_of_memory(const void* memory);
/// Copies to the host; reading unwritten memory is a fault.
void fetch_device_memory(void* to, const void* from, std::size_t bytes);
/// Runs the work of the stream; returns the first fault, or "".
std::string run_and_take_fault(void* stream);
/// The current device of the calling thread.
int& device_of_thread();

}  // namespace simt
