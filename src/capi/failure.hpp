// SPDX-License-Identifier: Apache-2.0
// Turns exceptions into the codes and messages of shoal.h.
#pragma once

#include <cstdint>
#include <string>

#include <shoal/error.hpp>

namespace shoal::capi {

/// Keeps the exception that is being handled as this thread's last error; returns its code.
int failed(const char* function) noexcept;

/// Throws InvalidArgument when the pointer is NULL.
void require_pointer(const void* pointer, const char* name);
/// Throws InvalidArgument when the path is NULL or empty.
void require_path(const char* path);
/// Throws InvalidArgument when the caller's array does not have as many numbers as are written or read.
void require_count(std::int64_t count, std::int64_t needed, const char* what);

/// Runs the body of the function of this name.
template <class Work>
int guarded(const char* function, Work work) noexcept {
  try {
    work();
    return 0;
  } catch (...) {
    return failed(function);
  }
}

}  // namespace shoal::capi
