// SPDX-License-Identifier: Apache-2.0
// The device and its ranges over the CUDA runtime.
#include <cuda_runtime.h>
#include <nvtx3/nvToolsExt.h>

#include <cstdlib>
#include <map>
#include <mutex>

#include "cuda/device.hpp"
#include "cuda/device_range.hpp"
#include "cuda/runtime_call.hpp"

namespace shoal::cuda {

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

int chosen_device() {
  int count = 0, device = 0;
  must(cudaGetDeviceCount(&count), "cudaGetDeviceCount", CallSite::current());
  if (const char* wish = std::getenv("SHOAL_CUDA_DEVICE"); wish && *wish) return device_number(wish, count);
  must(cudaGetDevice(&device), "cudaGetDevice", CallSite::current());
  return device;
}

DeviceInfo device_info(int device, const CallSite& where) {
  int count = 0, clock = 0;
  must(cudaGetDeviceCount(&count), "cudaGetDeviceCount", where);
  must(cudaDeviceGetAttribute(&clock, cudaDevAttrClockRate, device), "cudaDeviceGetAttribute", where);
  cudaDeviceProp properties{};
  must(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties", where);
  return {.index = device,
          .count = count,
          .name = properties.name,
          .major = properties.major,
          .minor = properties.minor,
          .multiprocessors = properties.multiProcessorCount,
          .clock_khz = clock,
          .shared_per_block = static_cast<std::int64_t>(properties.sharedMemPerBlockOptin),
          .memory = static_cast<std::int64_t>(properties.totalGlobalMem)};
}

DeviceScope::DeviceScope(int device, const CallSite& where) {
  must(cudaGetDevice(&before_), "cudaGetDevice", where);
  if (before_ != device) must(cudaSetDevice(device), "cudaSetDevice", where);
}

std::int64_t free_memory(const CallSite& where) {
  std::size_t free = 0, all = 0;
  must(cudaMemGetInfo(&free, &all), "cudaMemGetInfo", where);
  return static_cast<std::int64_t>(free);
}
DeviceScope::~DeviceScope() {
  int now = before_;
  if (cudaGetDevice(&now) == cudaSuccess && now != before_) cudaSetDevice(before_);
}

void load_kernel(const void* kernel, const CallSite& where) {
  cudaFuncAttributes attributes{};
  must(cudaFuncGetAttributes(&attributes, kernel), "cudaFuncGetAttributes", where);
}

int resident_blocks(const void* kernel, int threads, std::int64_t shared_bytes, const CallSite& where) {
  int device = 0, blocks = 0;
  must(cudaGetDevice(&device), "cudaGetDevice", where);
  {
    // Never less than before: a graph may hold a launch that needs it.
    static std::mutex mutex;
    static std::map<std::pair<int, const void*>, std::int64_t> allowed;
    const std::lock_guard lock(mutex);
    std::int64_t& most = allowed[{device, kernel}];
    if (shared_bytes > most) {
      must(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                static_cast<int>(shared_bytes)),
           with_bytes("cudaFuncSetAttribute: shared memory", static_cast<std::size_t>(shared_bytes)), where);
      most = shared_bytes;
    }
  }
  must(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, threads,
                                                     static_cast<std::size_t>(shared_bytes)),
       "cudaOccupancyMaxActiveBlocksPerMultiprocessor", where);
  return blocks;
}

Range::Range(const char* name) {
  nvtxRangePushA(name);
}
Range::~Range() {
  nvtxRangePop();
}

}  // namespace shoal::cuda
