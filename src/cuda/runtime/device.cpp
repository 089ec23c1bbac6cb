// SPDX-License-Identifier: Apache-2.0
// Implements the device functions with the CUDA runtime.
#include <cuda_runtime.h>

#include <climits>
#include <map>
#include <mutex>
#include <utility>

#include "cuda/runtime/device.hpp"
#include "cuda/runtime/runtime_call.hpp"

namespace shoal::cuda {
namespace {

/// The dynamic shared memory that kernels may use on devices, as far as it was raised. The limit never
/// shrinks, because a graph may contain a launch that needs it.
struct SharedMemoryLimits {
  std::mutex mutex;
  std::map<std::pair<const void*, int>, std::int64_t> most;  ///< by kernel and device
};

SharedMemoryLimits& shared_memory_limits() {
  static SharedMemoryLimits limits;
  return limits;
}

}  // namespace

bool device_available(std::string& why) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) {
    cudaGetLastError();
    why = text_of(error);
    return false;
  }
  if (count == 0) why = "no CUDA device";
  return count > 0;
}

int device_count(const SourceLocation& where) {
  int count = 0;
  throw_on_error(cudaGetDeviceCount(&count), "cudaGetDeviceCount", where);
  return count;
}

int current_device(const SourceLocation& where) {
  int device = 0;
  throw_on_error(cudaGetDevice(&device), "cudaGetDevice", where);
  return device;
}

std::optional<int> device_of(CUstream_st* stream, const SourceLocation& where) {
  if (stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread) return std::nullopt;
  int device = 0;
  throw_on_error(cudaStreamGetDevice(stream, &device), "cudaStreamGetDevice", where);
  return device;
}

DeviceInfo device_info(int device, const SourceLocation& where) {
  int clock = 0;
  throw_on_error(cudaDeviceGetAttribute(&clock, cudaDevAttrClockRate, device), "cudaDeviceGetAttribute",
                 where);
  cudaDeviceProp properties{};
  throw_on_error(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties", where);
  return {.index = device,
          .count = device_count(where),
          .name = properties.name,
          .major = properties.major,
          .minor = properties.minor,
          .multiprocessors = properties.multiProcessorCount,
          .clock_khz = clock,
          .shared_per_block = static_cast<std::int64_t>(properties.sharedMemPerBlockOptin),
          .memory = static_cast<std::int64_t>(properties.totalGlobalMem)};
}

DeviceScope::DeviceScope(int device, const SourceLocation& where) {
  throw_on_error(cudaGetDevice(&before_), "cudaGetDevice", where);
  if (before_ != device) throw_on_error(cudaSetDevice(device), "cudaSetDevice", where);
}

DeviceScope::~DeviceScope() {
  int now = before_;
  if (cudaGetDevice(&now) == cudaSuccess && now != before_) cudaSetDevice(before_);
}

std::int64_t free_memory(const SourceLocation& where) {
  std::size_t free = 0, all = 0;
  throw_on_error(cudaMemGetInfo(&free, &all), "cudaMemGetInfo", where);
  return static_cast<std::int64_t>(free);
}

void load_kernel(const void* kernel, const SourceLocation& where) {
  cudaFuncAttributes attributes{};
  throw_on_error(cudaFuncGetAttributes(&attributes, kernel), "cudaFuncGetAttributes", where);
}

int resident_blocks(const void* kernel, int threads, std::int64_t shared_bytes, const SourceLocation& where) {
  int device = 0, blocks = 0;
  throw_on_error(cudaGetDevice(&device), "cudaGetDevice", where);
  {
    SharedMemoryLimits& limits = shared_memory_limits();
    const std::lock_guard lock(limits.mutex);
    std::int64_t& most = limits.most[{kernel, device}];
    if (shared_bytes > most) {
      throw_on_error(
          cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(shared_bytes)),
          with_bytes("cudaFuncSetAttribute: shared memory", static_cast<std::size_t>(shared_bytes)), where);
      most = shared_bytes;
    }
  }
  throw_on_error(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, threads,
                                                               static_cast<std::size_t>(shared_bytes)),
                 "cudaOccupancyMaxActiveBlocksPerMultiprocessor", where);
  return blocks;
}

void forget_kernel(const void* kernel) noexcept {
  SharedMemoryLimits& limits = shared_memory_limits();
  const std::lock_guard lock(limits.mutex);
  limits.most.erase(limits.most.lower_bound({kernel, INT_MIN}), limits.most.upper_bound({kernel, INT_MAX}));
}

}  // namespace shoal::cuda
