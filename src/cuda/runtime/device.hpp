// SPDX-License-Identifier: Apache-2.0
// Which device, and what it can hold. With device_stream, device_memory and device_graph this is the thin
// layer between the backend and the CUDA runtime: everything that asks the device for something. The test
// build replaces it (tests/simt), so the backend above runs, and its failures can be planted, without a GPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "cuda/runtime/error.hpp"

struct CUstream_st;

namespace shoal::cuda {

struct DeviceInfo {
  int index = 0, count = 1;  ///< among the devices that CUDA_VISIBLE_DEVICES leaves
  std::string name;
  int major = 0, minor = 0;  ///< compute capability
  int multiprocessors = 0;
  int clock_khz = 0;                  ///< highest clock of the multiprocessors
  std::int64_t shared_per_block = 0;  ///< most dynamic shared memory of a block, by opting in
  std::int64_t memory = 0;            ///< bytes
  std::string describe() const;
};

inline std::string DeviceInfo::describe() const {
  return "device " + std::to_string(index) + " of " + std::to_string(count) + ": " + name + ", sm_" +
         std::to_string(major) + std::to_string(minor) + ", " + std::to_string(multiprocessors) +
         " multiprocessors, " + std::to_string(memory >> 20) + " MiB";
}

/// Whether there is a device and a driver for it; `why` says what is missing. Never throws.
bool device_available(std::string& why);
int device_count(const SourceLocation& where = SourceLocation::current());
/// Of the calling thread.
int current_device(const SourceLocation& where = SourceLocation::current());
/// Nothing for CUDA's default streams, which every device has.
std::optional<int> device_of(CUstream_st* stream, const SourceLocation& where = SourceLocation::current());
/// `wanted`, else the device of `stream`, else the calling thread's current one. Throws InvalidArgument when
/// there is no such device, and when the stream is of another.
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
/// Bytes of the calling thread's device that nobody has taken.
std::int64_t free_memory(const SourceLocation& where = SourceLocation::current());

/// Makes `device` the calling thread's own for as long as it lives: callers come from any thread, and may
/// have chosen another device for themselves.
class DeviceScope {
 public:
  explicit DeviceScope(int device, const SourceLocation& where = SourceLocation::current());
  ~DeviceScope();
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;

 private:
  int before_ = 0;
};

/// For destructors, whose members go after `scope`: they are freed on their device where that can be had.
inline void enter_for_destruction(std::optional<DeviceScope>& scope, int device) noexcept {
  try {
    scope.emplace(device);
  } catch (const DeviceError&) {  // then the process is ending, or the device is lost
  }
}

/// Has the driver load `kernel`, if it has not: otherwise its first launch does, which a capture may not
/// allow.
void load_kernel(const void* kernel, const SourceLocation& where = SourceLocation::current());
/// Blocks of `kernel` that one multiprocessor can hold at once, after allowing it `shared_bytes`.
int resident_blocks(const void* kernel, int threads, std::int64_t shared_bytes,
                    const SourceLocation& where = SourceLocation::current());

}  // namespace shoal::cuda
