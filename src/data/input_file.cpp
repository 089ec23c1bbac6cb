// SPDX-License-Identifier: Apache-2.0
#include "data/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

namespace shoal {
namespace {

constexpr std::size_t longest_shown_path = 200;

const char* kind_of(mode_t mode) {
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return S_ISSOCK(mode) ? "a socket" : "no regular file";
}

}  // namespace

// O_NONBLOCK: a named pipe that nobody writes into is opened at once, and refused.
InputFile::InputFile(const std::string& path) : shown_(printable(path, longest_shown_path)) {
  do {
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  } while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0) throw DataError(shown_ + ": cannot be opened for reading: " + std::strerror(errno));
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    const int error = errno;
    ::close(descriptor_);
    throw ResourceError(shown_ + ": cannot be examined: " + std::strerror(error));
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw DataError(shown_ + ": is " + kind_of(status.st_mode) +
                    "; tables are read twice: write it to a file first");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() {
  ::close(descriptor_);
}

std::size_t InputFile::read(char* to, std::size_t count) {
  for (;;) {
    const ssize_t got = ::read(descriptor_, to, count);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw ResourceError(shown_ + ": reading failed: " + std::strerror(errno));
  }
}

}  // namespace shoal
