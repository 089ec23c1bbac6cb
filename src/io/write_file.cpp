// SPDX-License-Identifier: Apache-2.0
// Crash-safe writing: beside the name, synced, renamed, the folder synced. At any instant the old content or
// the new one is there, whole.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

namespace shoal {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file, const char* what) {
  throw ResourceError(file.string() + ": " + what + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

/// The temporary file; removed unless it was renamed.
class Temporary {
 public:
  explicit Temporary(std::filesystem::path path) : path_(std::move(path)) {}
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  const std::filesystem::path& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  std::filesystem::path path_;
};

void write_all(int fd, std::span<const std::byte> bytes, const std::filesystem::path& file) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      fail(file, "writing failed");
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void sync(int fd, const std::filesystem::path& file) {
  while (::fsync(fd) != 0)
    if (errno != EINTR) fail(file, "syncing failed");
}

}  // namespace

void write_file(const std::filesystem::path& file, std::span<const std::byte> bytes) {
  const std::filesystem::path folder =
      file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  Temporary temporary(file.string() + ".tmp." + std::to_string(::getpid()));
  Descriptor out(::open(temporary.path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (out.get() < 0) {
    temporary.keep();
    fail(file, "cannot be opened for writing");
  }
  write_all(out.get(), bytes, file);
  sync(out.get(), file);
  if (out.close() != 0) fail(file, "closing failed");
  if (::rename(temporary.path().c_str(), file.c_str()) != 0) fail(file, "renaming failed");
  temporary.keep();
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) fail(folder, "cannot be opened");
  sync(directory.get(), folder);
}

void write_file(const std::filesystem::path& file, const std::string& text) {
  write_file(file, std::as_bytes(std::span(text)));
}

}  // namespace shoal
