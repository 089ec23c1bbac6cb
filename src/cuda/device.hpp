// SPDX-License-Identifier: Apache-2.0
// Which device, and what it can hold. With device_stream, device_memory and device_graph this is the thin
// layer between the backend and the CUDA runtime: everything that asks the device for something. The test
// build replaces it (tests/simt), so the backend above runs, and its failures can be planted, without a GPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "cuda/device_error.hpp"

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

/// Whether there is a device and a driver for it; `why` says what is missing. Never throws.
bool device_available(std::string& why);
/// The device that SHOAL_CUDA_DEVICE names, a number below DeviceInfo::count, or else the calling thread's
/// current one. Throws InvalidArgument when there is no such device.
int chosen_device();
/// `text` as the number of a device; what chosen_device() makes of SHOAL_CUDA_DEVICE.
int device_number(const std::string& text, int count);
DeviceInfo device_info(int device, const CallSite& where = CallSite::current());
/// Bytes of the calling thread's device that nobody has taken.
std::int64_t free_memory(const CallSite& where = CallSite::current());

/// Makes `device` the calling thread's own for as long as it lives: callers come from any thread, and may
/// have chosen another device for themselves.
class DeviceScope {
 public:
  explicit DeviceScope(int device, const CallSite& where = CallSite::current());
  ~DeviceScope();
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;

 private:
  int before_ = 0;
};

/// For destructors, whose members go after `scope`: they are freed on their device where that can be had.
inline void enter_for_good(std::optional<DeviceScope>& scope, int device) noexcept {
  try {
    scope.emplace(device);
  } catch (const DeviceError&) {  // then the process is ending, or the device is lost
  }
}

/// Has the driver load `kernel`, if it has not: otherwise its first launch does, which a capture may not
/// allow.
void load_kernel(const void* kernel, const CallSite& where = CallSite::current());
/// Blocks of `kernel` that one multiprocessor can hold at once, after allowing it `shared_bytes`.
int resident_blocks(const void* kernel, int threads, std::int64_t shared_bytes,
                    const CallSite& where = CallSite::current());

}  // namespace shoal::cuda
