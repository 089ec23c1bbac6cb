// SPDX-License-Identifier: Apache-2.0
#include "cuda/runtime/memory.hpp"

#include <cstdint>
#include <new>

#include "cuda/runtime/device.hpp"
#include "cuda/runtime/memory_pool.hpp"

namespace shoal::cuda {
namespace {

constexpr std::uintptr_t alignment = 256;  // that of the CUDA runtime

}  // namespace

void* allocate(Stream& stream, std::size_t bytes, const SourceLocation& where) {
  DeviceMemoryResource* const resource = stream.memory();
  if (!resource) return allocate_from_pool(stream, bytes, where);
  const auto refuse = [&](const char* why) {
    throw DeviceError("device_memory: allocate of " + std::to_string(bytes) + " bytes", why, where);
  };
  void* memory = nullptr;
  try {
    memory = resource->allocate(bytes, stream.cuda());
  } catch (const std::bad_alloc&) {
    refuse("std::bad_alloc");
  }
  if (!memory) refuse("it returned null");
  if (reinterpret_cast<std::uintptr_t>(memory) % alignment != 0) {
    resource->release(memory, bytes, stream.cuda());
    refuse("what it returned is not aligned to 256 bytes");
  }
  ++device_counts().allocations;
  return memory;
}

std::int64_t available_memory(const Stream& stream) {
  const std::optional<std::size_t> told =
      stream.memory() ? stream.memory()->available() : std::optional<std::size_t>();
  return told ? static_cast<std::int64_t>(*told) : free_memory();
}

void release(Stream& stream, void* memory, std::size_t bytes) noexcept {
  if (DeviceMemoryResource* const resource = stream.memory())
    resource->release(memory, bytes, stream.cuda());
  else
    release_to_pool(stream, memory);
}

}  // namespace shoal::cuda
