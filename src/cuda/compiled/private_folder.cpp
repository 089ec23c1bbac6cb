// SPDX-License-Identifier: Apache-2.0
#include "cuda/compiled/private_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace shoal::cuda {
namespace {

class OpenFile {
 public:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

/// Without "/" and "/." at its end, which make a link stand for what it points to.
std::string plain_path(std::string path) {
  while (path.size() > 1 && (path.ends_with('/') || path.ends_with("/."))) path.pop_back();
  return path;
}

void make_folders(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
    ::mkdir(path.substr(0, slash).c_str(), 0700);
  ::mkdir(path.c_str(), 0700);  // whatever failed shows when the folder is opened
}

bool others_may_write(const struct stat& status) {
  return (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

std::string problem_of(const struct stat& status) {
  if (status.st_uid != ::geteuid())
    return "belongs to user " + std::to_string(status.st_uid) + ", not to " + std::to_string(::geteuid());
  if (!others_may_write(status)) return "";
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(status.st_mode & 07777));
  return "can be written by other users (mode " + std::string(mode) + "): chmod go-w would do";
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool read_all(int file, std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t count = ::read(file, bytes.data() + at, bytes.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;  // it became shorter
    at += static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

PrivateFolder::PrivateFolder(const std::string& path, bool make) {
  const std::string plain = plain_path(path);
  if (make) make_folders(plain);
  const int opened = ::open(plain.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat status {};
  if (opened < 0) {
    const int reason = errno;
    missing_ = reason == ENOENT && !make;
    if (missing_) return;
    const bool is_link = ::lstat(plain.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
    problem_ = plain + (is_link ? " is a link" : ": " + std::string(std::strerror(reason)));
    return;
  }
  std::string problem = ::fstat(opened, &status) == 0 ? problem_of(status) : std::strerror(errno);
  if (problem.empty()) {
    folder_ = opened;
    return;
  }
  ::close(opened);
  problem_ = plain + " " + problem;
}

PrivateFolder::~PrivateFolder() {
  if (folder_ >= 0) ::close(folder_);
}

std::optional<std::string> PrivateFolder::read(const std::string& name, std::int64_t most) const {
  // O_NONBLOCK: opening a pipe would wait for its writer.
  const OpenFile file(::openat(folder_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      !problem_of(status).empty() || status.st_size > most)
    return std::nullopt;
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  if (!read_all(file.get(), bytes)) return std::nullopt;
  ::futimens(file.get(), nullptr);
  return bytes;
}

bool PrivateFolder::write(const std::string& name, const std::string& temporary,
                          std::span<const std::string_view> parts) const {
  {
    const OpenFile file(
        ::openat(folder_, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.get() < 0) return false;
    for (const std::string_view part : parts) {
      if (write_all(file.get(), part)) continue;
      remove(temporary);
      return false;
    }
  }
  if (::renameat(folder_, temporary.c_str(), folder_, name.c_str()) == 0) return true;
  remove(temporary);
  return false;
}

void PrivateFolder::remove(const std::string& name) const {
  ::unlinkat(folder_, name.c_str(), 0);
}

std::vector<PrivateFolder::File> PrivateFolder::files() const {
  std::vector<File> result;
  const int copy = ::openat(folder_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> names(copy >= 0 ? ::fdopendir(copy) : nullptr, ::closedir);
  if (!names) {
    if (copy >= 0) ::close(copy);
    return result;
  }
  while (const dirent* const entry = ::readdir(names.get())) {
    struct stat status {};
    if (::fstatat(folder_, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
      continue;
    result.push_back({entry->d_name, static_cast<std::int64_t>(status.st_size), status.st_mtim});
  }
  return result;
}

}  // namespace shoal::cuda
