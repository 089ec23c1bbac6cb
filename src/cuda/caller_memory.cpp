// SPDX-License-Identifier: Apache-2.0
#include "cuda/caller_memory.hpp"

#include <cstdint>

#include <shoal/error.hpp>

#include "cuda/runtime/memory_pool.hpp"

namespace shoal::cuda {
namespace {

std::string on_this_device(int device) {
  return "the context computes on device " + std::to_string(device);
}

}  // namespace

void require_memory_of(int device, const void* begin, std::size_t bytes, std::size_t alignment,
                       const std::string& what) {
  if (bytes == 0) return;
  if (reinterpret_cast<std::uintptr_t>(begin) % alignment != 0)
    throw InvalidArgument(what + " is not aligned to " + std::to_string(alignment) + " bytes");
  for (const std::size_t at : {std::size_t{0}, bytes - 1}) {
    const std::optional<int> found = device_of_memory(static_cast<const char*>(begin) + at);
    if (!found)
      throw InvalidArgument(what + ": byte " + std::to_string(at) + " of " + std::to_string(bytes) +
                            " is not in memory of a CUDA device");
    if (*found != device)
      throw InvalidArgument(what + " is in memory of device " + std::to_string(*found) + ", and " +
                            on_this_device(device));
  }
}

void require_rows_of(int device, const TaskSet<float>& set, const std::string& name) {
  if (!set.device || set.total_rows() == 0) return;
  if (*set.device != device)
    throw InvalidArgument(name + " rows are said to be in memory of device " + std::to_string(*set.device) +
                          ", and " + on_this_device(device));
  require_memory_of(device, set.x, name + " x");
  require_memory_of(device, set.y, name + " y");
  require_memory_of(device, set.labels, name + " labels");
  require_memory_of(device, set.output_offset, name + " output_offset");
}

}  // namespace shoal::cuda
