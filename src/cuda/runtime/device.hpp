// SPDX-License-Identifier: Apache-2.0
// Chooses a device and tells its properties. The files of src/cuda/runtime are the thin layer between the
// backend and the CUDA runtime: everything that asks the device for something. The test build replaces this
// layer (tests/simt), so that the backend runs without a GPU and tests can plant failures of the device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "cuda/runtime/error.hpp"

struct CUstream_st;

namespace shoal::cuda {

struct DeviceInfo {
  int index = 0, count = 1;  ///< among the devices that CUDA_VISIBLE_DEVICES makes visible
  std::string name;
  int major = 0, minor = 0;  ///< compute capability
  int multiprocessors = 0;
  int clock_khz = 0;                  ///< highest clock of the multiprocessors
  std::int64_t shared_per_block = 0;  ///< most dynamic shared memory of a block, after opt-in
  std::int64_t memory = 0;            ///< bytes
  std::string describe() const;
};

inline std::string DeviceInfo::describe() const {
  return "device " + std::to_string(index) + " of " + std::to_string(count) + ": " + name + ", sm_" +
         std::to_string(major) + std::to_string(minor) + ", " + std::to_string(multiprocessors) +
         " multiprocessors, " + std::to_string(memory >> 20) + " MiB";
}

/// Whether there is a device and a driver for it; if not, `why` says what is missing. Never throws.
bool device_available(std::string& why);
int device_count(const SourceLocation& where = SourceLocation::current());
/// The current device of the calling thread.
int current_device(const SourceLocation& where = SourceLocation::current());
/// The device of a stream; empty for CUDA's default streams, which exist on every device.
std::optional<int> device_of(CUstream_st* stream, const SourceLocation& where = SourceLocation::current());
/// Returns `wanted`, else the device of `stream`, else the current device of the calling thread. Throws
/// InvalidArgument if there is no such device, or if the stream belongs to another one.
inline int choose_device(std::optional<int> wanted, std::optional<CUstream_st*> stream = {}) {
  const std::optional<int> of_stream = stream ? device_of(*stream) : std::nullopt;
  if (!wanted) return of_stream ? *of_stream : current_device();
  if (const int count = device_count(); *wanted < 0 || *wanted >= count)
    throw InvalidArgument("device " + std::to_string(*wanted) + " is none of the " + std::to_string(count) +
                          " visible CUDA devices (numbered from 0)");
  if (of_stream && *of_stream != *wanted)
    throw InvalidArgument("device " + std::to_string(*wanted) +
                          " is not that of the stream, which is of device " + std::to_string(*of_stream));
  return *wanted;
}
DeviceInfo device_info(int device, const SourceLocation& where = SourceLocation::current());
/// Free bytes of the calling thread's current device.
std::int64_t free_memory(const SourceLocation& where = SourceLocation::current());

/// Makes `device` the current device of the calling thread during its lifetime: callers come from any thread
/// and may have chosen another device for themselves.
class DeviceScope {
 public:
  explicit DeviceScope(int device, const SourceLocation& where = SourceLocation::current());
  ~DeviceScope();
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;

 private:
  int before_ = 0;
};

/// For destructors: makes `device` current if possible, so that the members that are destroyed afterwards
/// free their memory on it.
inline void enter_for_destruction(std::optional<DeviceScope>& scope, int device) noexcept {
  try {
    scope.emplace(device);
  } catch (const DeviceError&) {  // then the process is ending, or the device is lost
  }
}

/// Makes the driver load `kernel` now. Otherwise its first launch would load it, which is not always allowed
/// during a capture.
void load_kernel(const void* kernel, const SourceLocation& where = SourceLocation::current());
/// How many blocks of `kernel` one multiprocessor can hold at once. Allows the kernel `shared_bytes` of
/// dynamic shared memory first.
int resident_blocks(const void* kernel, int threads, std::int64_t shared_bytes,
                    const SourceLocation& where = SourceLocation::current());
/// Before a kernel that was compiled at run time is unloaded: another one may get its address.
void forget_kernel(const void* kernel) noexcept;

}  // namespace shoal::cuda
