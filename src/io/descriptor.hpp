// SPDX-License-Identifier: Apache-2.0
// Descriptor: owns an open file descriptor. Functions that open, write and sync files, and check every error.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <utility>

namespace shoal {

class Descriptor {
 public:
  explicit Descriptor(int descriptor = -1) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  int get() const { return descriptor_; }
  int close() { return ::close(std::exchange(descriptor_, -1)); }

 private:
  int descriptor_;
};

/// Throws ResourceError with `file`, what failed, and the reason in errno.
[[noreturn]] void fail_with_errno(const std::filesystem::path& file, const char* what);
/// open(2), repeated after a signal. Throws ResourceError, which says so when O_NOFOLLOW has refused a link.
Descriptor open_or_throw(const std::filesystem::path& file, int flags);
/// Writes all of `bytes`, with as many calls as that takes. Throws ResourceError.
void write_all(int descriptor, std::span<const std::byte> bytes, const std::filesystem::path& file);
/// fsync(2), repeated after a signal. Throws ResourceError.
void sync_file(int descriptor, const std::filesystem::path& file);
/// Makes the names in a folder durable by fsync(2) of the folder. Does nothing when its file system cannot do
/// that.
void sync_folder(const std::filesystem::path& folder);

}  // namespace shoal
