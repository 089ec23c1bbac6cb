// SPDX-License-Identifier: Apache-2.0
// Implements memory with the CUDA runtime. The device's default pool is used unchanged: arrays keep their
// memory, so that there is nothing to gain from changing a pool that other libraries of the process share.
#include "cuda/runtime/memory_pool.hpp"
#include "cuda/runtime/runtime_call.hpp"

namespace shoal::cuda {
namespace {

// Asks the first device that memory is needed on; the devices of a machine agree.
bool has_pools() {
  static const bool pools = [] {
    int device = 0, answer = 0;
    const bool asked =
        cudaGetDevice(&device) == cudaSuccess &&
        cudaDeviceGetAttribute(&answer, cudaDevAttrMemoryPoolsSupported, device) == cudaSuccess;
    if (!asked) cudaGetLastError();
    return answer != 0;
  }();
  return pools;
}

}  // namespace

void* allocate_from_pool(Stream& stream, std::size_t bytes, const SourceLocation& where) {
  const bool pools = has_pools();
  void* memory = nullptr;
  const cudaError_t error =
      pools ? cudaMallocAsync(&memory, bytes, stream_of(stream.handle())) : cudaMalloc(&memory, bytes);
  throw_on_error(error, with_bytes(pools ? "cudaMallocAsync" : "cudaMalloc", bytes), where);
  ++device_counts().allocations;
  return memory;
}
void release_to_pool(Stream& stream, void* memory) noexcept {
  if (has_pools())
    cudaFreeAsync(memory, stream_of(stream.handle()));
  else
    cudaFree(memory);  // waits for the device
}

std::optional<int> device_of_memory(const void* address, const SourceLocation& where) {
  cudaPointerAttributes attributes{};
  throw_on_error(cudaPointerGetAttributes(&attributes, address), "cudaPointerGetAttributes", where);
  const bool on_device = attributes.type == cudaMemoryTypeDevice || attributes.type == cudaMemoryTypeManaged;
  return on_device ? std::optional(attributes.device) : std::nullopt;
}

void* allocate_pinned(std::size_t bytes, const SourceLocation& where) {
  void* memory = nullptr;
  throw_on_error(cudaHostAlloc(&memory, bytes, cudaHostAllocDefault), with_bytes("cudaHostAlloc", bytes),
                 where);
  ++device_counts().allocations;
  return memory;
}
void release_pinned(void* memory) noexcept {
  cudaFreeHost(memory);
}

}  // namespace shoal::cuda
