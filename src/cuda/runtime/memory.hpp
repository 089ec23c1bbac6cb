// SPDX-License-Identifier: Apache-2.0
// Allocates device memory in stream order: from the memory resource of the caller if the stream has one, else
// from the CUDA runtime. All device memory of the backend comes from here.
#pragma once

#include <cstdint>

#include "cuda/runtime/stream.hpp"

namespace shoal::cuda {

/// Allocates memory for work that is submitted to `stream` from now on. Throws DeviceError, naming the bytes,
/// and whatever the resource throws.
void* allocate(Stream& stream, std::size_t bytes, const SourceLocation& where = SourceLocation::current());
/// Bytes that allocate() can provide.
std::int64_t available_memory(const Stream& stream);
/// Frees memory of allocate(), which had the same `bytes`, after the work that `stream` has so far.
void release(Stream& stream, void* memory, std::size_t bytes) noexcept;

}  // namespace shoal::cuda
