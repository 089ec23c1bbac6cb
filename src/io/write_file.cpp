// SPDX-License-Identifier: Apache-2.0
// Crash-safe writing: beside the name, synced, renamed, the folder synced. At any instant the old content or
// the new one is there, whole. What is no file (a pipe, a device, an open descriptor) is written into, never
// replaced.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>
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

PutText writer(int fd, const std::filesystem::path& file) {
  return [fd, file](std::string_view text) { write_all(fd, std::as_bytes(std::span(text)), file); };
}

void sync(int fd, const std::filesystem::path& file) {
  while (::fsync(fd) != 0)
    if (errno != EINTR) fail(file, "syncing failed");
}

/// Where symbolic links lead, also when nothing is there yet.
std::filesystem::path behind_links(std::filesystem::path file) {
  for (int hops = 0; std::filesystem::is_symlink(file); ++hops) {
    if (hops == 40) throw ResourceError(file.string() + ": too many symbolic links");
    file = file.parent_path() / std::filesystem::read_symlink(file);
  }
  return file;
}

/// The open descriptor that a name such as /dev/stdout stands for, or -1.
int open_descriptor(std::filesystem::path name) {
  for (int hops = 0; hops < 40; ++hops) {
    const std::filesystem::path folder = name.parent_path(), number = name.filename();
    if (folder == "/proc/self/fd" || folder == "/dev/fd") {
      int fd = -1;
      const std::string& digits = number.native();
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), fd);
      return error == std::errc{} && end == digits.data() + digits.size() ? fd : -1;
    }
    if (!std::filesystem::is_symlink(name)) break;
    name = folder / std::filesystem::read_symlink(name);
  }
  return -1;
}

}  // namespace

void write_file(const std::filesystem::path& name, const ProduceText& produce) {
  if (const int fd = open_descriptor(name); fd >= 0) {
    // Somebody's file behind it stays, and is written on where they are in it.
    std::fflush(nullptr);
    produce(writer(fd, name));
    return;
  }
  struct stat old {};
  const bool exists = ::stat(name.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode)) throw ResourceError(name.string() + ": is a folder");
  if (exists && !S_ISREG(old.st_mode)) {
    Descriptor out(::open(name.c_str(), O_WRONLY | O_CLOEXEC));
    if (out.get() < 0) fail(name, "cannot be opened for writing");
    produce(writer(out.get(), name));
    if (out.close() != 0) fail(name, "closing failed");
    return;
  }
  const std::filesystem::path file = behind_links(name);
  const std::filesystem::path folder =
      file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  Temporary temporary(file.string() + ".tmp." + std::to_string(::getpid()));
  Descriptor out(::open(temporary.path().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (out.get() < 0) {
    temporary.keep();
    fail(file, "cannot be opened for writing");
  }
  if (exists && ::fchmod(out.get(), old.st_mode & 07777) != 0) fail(file, "its mode cannot be kept");
  produce(writer(out.get(), file));
  sync(out.get(), file);
  if (out.close() != 0) fail(file, "closing failed");
  if (::rename(temporary.path().c_str(), file.c_str()) != 0) fail(file, "renaming failed");
  temporary.keep();
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) fail(folder, "cannot be opened");
  sync(directory.get(), folder);
}

void write_file(const std::filesystem::path& file, std::span<const std::byte> bytes) {
  write_file(file, [&](const PutText& put) {
    put({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  });
}

void write_file(const std::filesystem::path& file, const std::string& text) {
  write_file(file, std::as_bytes(std::span(text)));
}

}  // namespace shoal
