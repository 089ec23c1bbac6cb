// SPDX-License-Identifier: Apache-2.0
// DeviceMemoryResource: allocates the device memory of a context of the cuda backend, for programs that have
// a memory pool of their own (docs/cuda.md). ContextOptions::device_memory takes a resource.
//
// Example:
//
//   template <class Pool>  // of the program
//   class PoolMemory final : public shoal::DeviceMemoryResource {
//    public:
//     explicit PoolMemory(Pool& pool) : pool_(pool) {}
//     void* allocate(std::size_t bytes, CUstream_st* stream) override { return pool_.take(bytes, stream); }
//     void release(void* memory, std::size_t bytes, CUstream_st* stream) noexcept override {
//       pool_.put_back(memory, bytes, stream);
//     }
//
//    private:
//     Pool& pool_;
//   };
#pragma once

#include <cstddef>
#include <optional>

struct CUstream_st;  // a cudaStream_t points to it; so programs compile without CUDA's headers

namespace shoal {

/// A context and its learners allocate all their device memory through the resource: rows, parameters,
/// workspaces, scratch of sorts. Three kinds of memory stay outside: what the driver allocates for itself
/// (code, graphs, local memory of kernels), what cuBLAS allocates (Math::fast), and pinned host memory.
///
/// The context calls the resource from the thread that is inside the context, with the context's device
/// current, and never from two threads at once. The functions must not call the context or its learners: such
/// a call would wait for itself.
class DeviceMemoryResource {
 public:
  virtual ~DeviceMemoryResource() = default;

  /// Allocates `bytes` (at least 1) on the current device, aligned to 256 bytes, for work that is submitted
  /// to `stream` after this call. Return null, or throw std::bad_alloc, when there is not enough memory: the
  /// context's call then throws ResourceError. Any other exception passes through the context's call
  /// unchanged.
  virtual void* allocate(std::size_t bytes, CUstream_st* stream) = 0;

  /// Frees what allocate() returned for these `bytes` and this `stream`. Work that was submitted to `stream`
  /// before this call may still use the memory; later work does not.
  virtual void release(void* memory, std::size_t bytes, CUstream_st* stream) noexcept = 0;

  /// Bytes that allocate() can give in total; without a value, the context asks the device for its free
  /// memory. Models that are computed layer by layer take at most half of it; more memory lets them compute
  /// more tasks at a time.
  virtual std::optional<std::size_t> available() const { return std::nullopt; }
};

}  // namespace shoal
