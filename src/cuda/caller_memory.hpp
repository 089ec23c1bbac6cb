// SPDX-License-Identifier: Apache-2.0
// Checks that device memory of a caller is memory that a backend can work on.
#pragma once

#include <span>
#include <string>

#include <shoal/task_batch.hpp>

namespace shoal::cuda {

/// Throws InvalidArgument, naming `what`, unless all `bytes` are memory of `device`, at a multiple of
/// `alignment`. Zero bytes always pass.
void require_memory_of(int device, const void* begin, std::size_t bytes, std::size_t alignment,
                       const std::string& what);
template <class T>
void require_memory_of(int device, std::span<T> values, const std::string& what) {
  require_memory_of(device, values.data(), values.size_bytes(), alignof(T), what);
}
/// Checks, in the same way, all rows of a set that claims to be in device memory. `name` is the name of the
/// set.
void require_rows_of(int device, const TaskSet<float>& set, const std::string& name);

}  // namespace shoal::cuda
