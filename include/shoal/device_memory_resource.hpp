// SPDX-License-Identifier: Apache-2.0
// DeviceMemoryResource: where a context of the cuda backend takes its device memory from, for programs that
// have a pool of their own (docs/cuda.md).
//
//   class Pool final : public shoal::DeviceMemoryResource {
//     void* allocate(std::size_t bytes, CUstream_st* stream) override {
//       void* memory = nullptr;
//       return cudaMallocAsync(&memory, bytes, stream) == cudaSuccess ? memory : nullptr;
//     }
//     void release(void* memory, std::size_t, CUstream_st* stream) noexcept override {
//       cudaFreeAsync(memory, stream);
//     }
//   };
//   const shoal::Context context({.device_memory = std::make_shared<Pool>()});
#pragma once

#include <cstddef>
#include <optional>

struct CUstream_st;  // what CUDA's headers call a stream: programs compile without them

namespace shoal {

/// Every allocation of device memory that a context and its learners make goes through the resource: rows,
/// parameters, workspaces, scratch of sorts. What stays outside is what the driver keeps for itself (code,
/// graphs, kernels' local memory), what cuBLAS does (Math::fast), and pinned memory of the host.
///
/// Calls come from whichever thread is inside the context, one at a time for a context, with the context's
/// device current. They must not call the context or its learners, which would wait for themselves.
class DeviceMemoryResource {
 public:
  virtual ~DeviceMemoryResource() = default;

  /// `bytes` (at least 1) on the current device, at a multiple of 256 bytes, for work that is given to
  /// `stream` after this call. Null when there is none: the context's call then throws ResourceError, and so
  /// it does for std::bad_alloc; every other exception comes out of the context's call as it is.
  virtual void* allocate(std::size_t bytes, CUstream_st* stream) = 0;

  /// Takes back what allocate() gave for these `bytes` and this `stream`. Work that was given to `stream`
  /// before may still use it, work that is given later does not.
  virtual void release(void* memory, std::size_t bytes, CUstream_st* stream) noexcept = 0;

  /// Bytes that allocate() could give in all; nothing: what the device has free. Models that go layer by
  /// layer take at most half of it, and more tasks at a time where there is more.
  virtual std::optional<std::size_t> available() const { return std::nullopt; }
};

}  // namespace shoal
