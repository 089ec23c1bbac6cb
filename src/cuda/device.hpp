// SPDX-License-Identifier: Apache-2.0
// The thin layer between the backend and the CUDA runtime: everything that asks the device for something. The
// test build replaces it (tests/simt), so the backend above runs, and its failures can be planted, without a
// GPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace shoal::cuda {

struct DeviceInfo {
  std::string name;
  int major = 0, minor = 0;  ///< compute capability
  int multiprocessors = 0;
  int clock_khz = 0;                  ///< highest clock of the multiprocessors
  std::int64_t shared_per_block = 0;  ///< most dynamic shared memory of a block, by opting in
  std::int64_t memory = 0;            ///< bytes
};

/// Whether there is a device and a driver for it; `why` says what is missing. Never throws.
bool device_available(std::string& why);
/// Of the device in use. Throws ResourceError without one.
DeviceInfo device_info();

/// An order of work on the device. All of these throw ResourceError naming the call that failed.
class Stream {
 public:
  Stream();
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void copy_to_device(void* to, const void* from, std::size_t bytes);
  void copy_to_host(void* to, const void* from, std::size_t bytes);
  void fill_zero(void* to, std::size_t bytes);
  /// Whether the launch before was accepted; `what` names it.
  void check(const char* what);
  /// Waits for everything given to the stream, faults of kernels included.
  void synchronize(const char* what);
  void* handle() const { return handle_; }

 private:
  void* handle_ = nullptr;
};

/// The device's own clock around kernels: spans from start() to stop() in the order of a stream.
class DeviceClock {
 public:
  DeviceClock() = default;
  ~DeviceClock();
  DeviceClock(const DeviceClock&) = delete;
  DeviceClock& operator=(const DeviceClock&) = delete;

  void start(Stream& stream);
  void stop(Stream& stream);
  /// Seconds of the spans since the last take. The stream has been synchronized.
  double take();

 private:
  std::vector<std::pair<void*, void*>> spans_;  // pairs of events, kept for later spans
  std::size_t used_ = 0;
};

void* allocate(std::size_t bytes);
void release(void* memory) noexcept;

/// Blocks of `kernel` that one multiprocessor can hold at once, after allowing it `shared_bytes`.
int resident_blocks(const void* kernel, int threads, std::int64_t shared_bytes);

}  // namespace shoal::cuda
