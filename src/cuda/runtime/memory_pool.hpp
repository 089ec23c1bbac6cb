// SPDX-License-Identifier: Apache-2.0
// Memory of the CUDA runtime: of the device, in the order of a stream where the device has memory pools, and
// pinned memory of the host, which the device can copy from and to by itself.
#pragma once

#include "cuda/runtime/stream.hpp"

namespace shoal::cuda {

/// For work given to `stream` from now on. Throws DeviceError naming the bytes.
void* allocate_from_pool(Stream& stream, std::size_t bytes, const SourceLocation& where);
/// Once the work given to `stream` so far is done.
void release_to_pool(Stream& stream, void* memory) noexcept;

/// The device of an address, that of managed memory too; nothing for memory of the host.
std::optional<int> device_of_memory(const void* address,
                                    const SourceLocation& where = SourceLocation::current());

void* allocate_pinned(std::size_t bytes, const SourceLocation& where = SourceLocation::current());
/// The caller sees to it that no copy is under way.
void release_pinned(void* memory) noexcept;

}  // namespace shoal::cuda
