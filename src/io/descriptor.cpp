// SPDX-License-Identifier: Apache-2.0
#include "io/descriptor.hpp"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <cstring>

#include <shoal/error.hpp>

#include "io/own_files.hpp"

namespace shoal {

void fail_with_errno(const std::filesystem::path& file, const char* what) {
  throw ResourceError(file.string() + ": " + what + ": " + std::strerror(errno));
}

Descriptor open_or_throw(const std::filesystem::path& file, int flags) {
  int descriptor = -1;
  do {
    descriptor = ::open(file.c_str(), flags | O_CLOEXEC, 0666);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0 && errno == ELOOP && (flags & O_NOFOLLOW) != 0) throw not_own_file(file, true);
  if (descriptor < 0) fail_with_errno(file, "cannot be opened");
  return Descriptor(descriptor);
}

void write_all(int descriptor, std::span<const std::byte> bytes, const std::filesystem::path& file) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {  // a full pipe that another process has made non-blocking
        pollfd waited{descriptor, POLLOUT, 0};
        ::poll(&waited, 1, -1);
        continue;
      }
      fail_with_errno(file, "writing failed");
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void sync_file(int descriptor, const std::filesystem::path& file) {
  while (::fsync(descriptor) != 0)
    if (errno != EINTR) fail_with_errno(file, "syncing failed");
}

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor descriptor = open_or_throw(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
  while (::fsync(descriptor.get()) != 0) {
    if (errno == EINVAL || errno == ENOTSUP) return;
    if (errno != EINTR) fail_with_errno(folder, "syncing failed");
  }
}

}  // namespace shoal
