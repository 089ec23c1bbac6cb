// SPDX-License-Identifier: Apache-2.0
// Memory of the device, in the order of a stream where the device has memory pools, and pinned memory of the
// host, which the device can copy from and to by itself.
#pragma once

#include "cuda/device_stream.hpp"

namespace shoal::cuda {

/// For work given to `stream` from now on. Throws DeviceError naming the bytes.
void* allocate(Stream& stream, std::size_t bytes, const CallSite& where = CallSite::current());
/// Once the work given to `stream` so far is done.
void release(Stream& stream, void* memory) noexcept;

void* allocate_pinned(std::size_t bytes, const CallSite& where = CallSite::current());
/// The caller sees to it that no copy is under way.
void release_pinned(void* memory) noexcept;

}  // namespace shoal::cuda
