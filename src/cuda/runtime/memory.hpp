// SPDX-License-Identifier: Apache-2.0
// Memory of the device, in the order of a stream: from the caller's memory resource where the stream has one,
// else from the CUDA runtime. All device memory of the backend comes from here.
#pragma once

#include <cstdint>

#include "cuda/runtime/stream.hpp"

namespace shoal::cuda {

/// For work given to `stream` from now on. Throws DeviceError naming the bytes, and what the resource throws.
void* allocate(Stream& stream, std::size_t bytes, const SourceLocation& where = SourceLocation::current());
/// Bytes that allocate() could give.
std::int64_t available_memory(const Stream& stream);
/// What allocate() gave for these `bytes`, once the work given to `stream` so far is done.
void release(Stream& stream, void* memory, std::size_t bytes) noexcept;

}  // namespace shoal::cuda
