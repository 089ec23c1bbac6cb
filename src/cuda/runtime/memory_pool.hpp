// SPDX-License-Identifier: Apache-2.0
// Memory from the CUDA runtime: device memory, in stream order if the device has memory pools, and pinned
// host memory, which the device can copy from and to by itself.
#pragma once

#include "cuda/runtime/stream.hpp"

namespace shoal::cuda {

/// Allocates memory for work that is submitted to `stream` from now on. Throws DeviceError, naming the bytes.
void* allocate_from_pool(Stream& stream, std::size_t bytes, const SourceLocation& where);
/// Frees memory after the work that `stream` has so far.
void release_to_pool(Stream& stream, void* memory) noexcept;

/// The device of an address in device memory or managed memory; empty for host memory.
std::optional<int> device_of_memory(const void* address,
                                    const SourceLocation& where = SourceLocation::current());

void* allocate_pinned(std::size_t bytes, const SourceLocation& where = SourceLocation::current());
/// No copy from or to the memory may be in progress.
void release_pinned(void* memory) noexcept;

}  // namespace shoal::cuda
