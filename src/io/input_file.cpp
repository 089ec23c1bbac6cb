// SPDX-License-Identifier: Apache-2.0
#include <shoal/input_file.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <shoal/error.hpp>

#include "io/descriptor.hpp"
#include "io/own_files.hpp"

namespace shoal {
namespace {

/// O_NONBLOCK: opening a named pipe must not wait for a writer. O_NOCTTY: a terminal must not become the
/// controlling terminal of the process.
int open_to_read(const std::filesystem::path& path, Links links) {
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (links == Links::refused ? O_NOFOLLOW : 0);
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

bool names_nothing(int error) {
  return error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG || error == ELOOP;
}

/// Describes a file that is not regular.
const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "is a folder";
  if (S_ISFIFO(mode)) return "is a pipe";
  if (S_ISSOCK(mode)) return "is a socket";
  return "is a device";
}

ssize_t read_some(int descriptor, void* to, std::size_t count) {
  ssize_t got = -1;
  do {
    got = ::read(descriptor, to, count);
  } while (got < 0 && errno == EINTR);
  return got;
}

/// Waits until a pipe or terminal can be read or has no writer; returns false after `milliseconds` (-1 = no
/// limit).
bool wait_for(int descriptor, int milliseconds) {
  pollfd waited{descriptor, POLLIN, 0};
  int ready = -1;
  do {
    ready = ::poll(&waited, 1, milliseconds);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

constexpr std::size_t smallest_piece = 1 << 16;

}  // namespace

InputFile::InputFile(const std::filesystem::path& path, Links links, std::string& problem)
    : name_(path.string()), descriptor_(open_to_read(path, links)) {
  const std::string why = examine(links);
  if (!why.empty()) problem = name_ + ": " + why;
}

/// The reason why the caller refuses the file; empty for a regular file, whose size it then sets.
std::string InputFile::examine(Links links) {
  if (descriptor_ < 0) {
    const int error = errno;
    if (error == ELOOP && links == Links::refused) throw not_own_file(name_, true);
    if (error == ENXIO) return "is a socket or a device; a file is needed";
    std::string why = std::string("cannot be opened for reading: ") + std::strerror(error);
    if (names_nothing(error)) return why;
    throw ResourceError(name_ + ": " + why);
  }
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    const int error = errno;
    ::close(std::exchange(descriptor_, -1));
    throw ResourceError(name_ + ": its properties cannot be read: " + std::strerror(error));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  if (S_ISREG(status.st_mode)) return {};
  ::close(std::exchange(descriptor_, -1));
  return std::string(kind_of(status.st_mode)) +
         (S_ISDIR(status.st_mode) ? "; name a file in it"
                                  : "; it is read more than once: write it to a file first");
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

InputFile::InputFile(InputFile&& other) noexcept
    : name_(std::move(other.name_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

std::size_t InputFile::read(void* to, std::size_t count) {
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got = read_some(descriptor_, static_cast<char*>(to) + done, count - done);
    if (got < 0) throw ResourceError(name_ + ": reading failed: " + std::strerror(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

// Memory grows with what has been read; the size that the file system reports may be wrong.
std::string InputFile::rest(std::uint64_t limit) {
  std::string text;
  for (;;) {
    const std::size_t old = text.size(), piece = std::max(smallest_piece, old / 2);
    text.resize(old + piece);
    const std::size_t got = read(text.data() + old, piece);
    text.resize(old + got);
    if (text.size() > limit)
      throw ResourceError(name_ + ": is longer than " + std::to_string(limit) + " bytes");
    if (got < piece) return text;
  }
}

std::string read_text_or_pipe(const std::filesystem::path& path, std::uint64_t limit, bool& missing) {
  const std::string name = path.string();
  const Descriptor input(open_to_read(path, Links::followed));
  missing = false;
  if (input.get() < 0) {
    missing = names_nothing(errno);
    if (missing) return {};
    throw ResourceError(name + ": cannot be opened for reading: " + std::strerror(errno));
  }
  struct stat status {};
  if (::fstat(input.get(), &status) != 0)
    throw ResourceError(name + ": its properties cannot be read: " + std::strerror(errno));
  missing = S_ISDIR(status.st_mode);
  if (missing) return {};
  std::string text;
  bool waited = !S_ISFIFO(status.st_mode);
  for (;;) {
    const std::size_t old = text.size(), piece = std::max(smallest_piece, old / 2);
    text.resize(old + piece);
    const ssize_t got = read_some(input.get(), text.data() + old, piece);
    const int error = errno;
    text.resize(old + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (text.size() > limit)
      throw ResourceError(name + ": is longer than " + std::to_string(limit) + " bytes");
    if (got < 0 && (error == EAGAIN || error == EWOULDBLOCK)) {
      wait_for(input.get(), -1);  // a writer has the pipe open but has not written yet
      waited = true;
    } else if (got < 0) {
      throw ResourceError(name + ": reading failed: " + std::strerror(error));
    } else if (got == 0 && !waited) {  // no process has the pipe open for writing (yet)
      if (!wait_for(input.get(), 1000)) throw ResourceError(name + ": is a pipe that nobody writes into");
      waited = true;
    } else if (got == 0) {
      return text;
    }
    if (got > 0) waited = true;
  }
}

}  // namespace shoal
