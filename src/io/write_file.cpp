// SPDX-License-Identifier: Apache-2.0
// Writes files crash-safely: writes a temporary file in the same folder, syncs it, renames it, and syncs the
// folder. At every instant the old content or the new one is there as a whole. Pipes, devices and open
// descriptors are written into and never replaced.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <thread>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

#include "io/descriptor.hpp"
#include "io/own_files.hpp"

namespace shoal {
namespace {

/// A temporary file in the folder of `file`, with an unpredictable name. Unlike a file of mkostemp(3), it has
/// the mode that the caller's umask gives. It is removed unless it was renamed.
class Temporary {
 public:
  explicit Temporary(const std::filesystem::path& file) {
    std::random_device random;
    for (int attempt = 0; attempt < 100 && descriptor_.get() < 0; ++attempt) {
      path_ = file.string() + ".tmp." + suffix(random());
      descriptor_ =
          Descriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
      if (descriptor_.get() < 0 && errno != EEXIST && errno != EINTR) break;
    }
    if (descriptor_.get() < 0) {
      path_.clear();
      fail_with_errno(file, "cannot be opened for writing");
    }
  }
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  int descriptor() const { return descriptor_.get(); }
  /// Closes the file and renames it to its final name.
  void rename_to(const std::filesystem::path& file) {
    if (descriptor_.close() != 0 && errno != EINTR) fail_with_errno(file, "closing failed");
    if (::rename(path_.c_str(), file.c_str()) != 0) fail_with_errno(file, "renaming failed");
    path_.clear();
  }

 private:
  static std::string suffix(unsigned int number) {
    std::string text;
    for (int i = 0; i < 6; ++i, number >>= 5) text += "abcdefghijklmnopqrstuvwxyz234567"[number & 31];
    return text;
  }

  std::filesystem::path path_;
  Descriptor descriptor_;
};

PutText writer(int descriptor, const std::filesystem::path& file) {
  return [descriptor, file](std::string_view text) {
    write_all(descriptor, std::as_bytes(std::span(text)), file);
  };
}

/// Follows symbolic links, also to a name that does not exist yet.
std::filesystem::path behind_links(std::filesystem::path file) {
  for (int hops = 0; std::filesystem::is_symlink(file); ++hops) {
    if (hops == 40) throw ResourceError(file.string() + ": too many symbolic links");
    file = file.parent_path() / std::filesystem::read_symlink(file);
  }
  return file;
}

/// Opens a named pipe for writing; waits up to a second for a reader.
Descriptor open_pipe(const std::filesystem::path& name) {
  const auto last = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  for (;;) {
    const int descriptor = ::open(name.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor >= 0) {
      Descriptor pipe(descriptor);
      if (::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) & ~O_NONBLOCK) != 0)
        fail_with_errno(name, "cannot be opened");
      return pipe;
    }
    if (errno != ENXIO && errno != EINTR) fail_with_errno(name, "cannot be opened");
    if (std::chrono::steady_clock::now() > last)
      throw ResourceError(name.string() + ": is a pipe that nobody reads");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

/// The open descriptor that a name such as /dev/stdout means, or -1.
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

void write_file(const std::filesystem::path& name, const ProduceText& produce, Links links) {
  if (const int fd = links == Links::followed ? open_descriptor(name) : -1; fd >= 0) {
    // The descriptor may be a file that somebody else has opened: it is not replaced, and writing continues
    // at its current position.
    std::fflush(nullptr);
    produce(writer(fd, name));
    return;
  }
  struct stat old {};
  const bool exists =
      (links == Links::followed ? ::stat(name.c_str(), &old) : ::lstat(name.c_str(), &old)) == 0;
  if (exists && S_ISDIR(old.st_mode)) throw ResourceError(name.string() + ": is a folder");
  if (exists && !S_ISREG(old.st_mode)) {
    if (links == Links::refused) throw not_own_file(name, S_ISLNK(old.st_mode));
    Descriptor out = S_ISFIFO(old.st_mode) ? open_pipe(name) : open_or_throw(name, O_WRONLY);
    produce(writer(out.get(), name));
    if (out.close() != 0 && errno != EINTR) fail_with_errno(name, "closing failed");
    return;
  }
  const std::filesystem::path file = links == Links::followed ? behind_links(name) : name;
  Temporary temporary(file);
  if (exists && ::fchmod(temporary.descriptor(), old.st_mode & 07777) != 0)
    fail_with_errno(file, "its mode cannot be kept");
  produce(writer(temporary.descriptor(), file));
  sync_file(temporary.descriptor(), file);
  temporary.rename_to(file);
  sync_folder(file.parent_path());
}

void write_file(const std::filesystem::path& file, std::span<const std::byte> bytes, Links links) {
  const auto produce = [&](const PutText& put) {
    put({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  };
  write_file(file, ProduceText(produce), links);
}

void write_file(const std::filesystem::path& file, const std::string& text, Links links) {
  write_file(file, std::as_bytes(std::span(text)), links);
}

}  // namespace shoal
