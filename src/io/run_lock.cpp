// SPDX-License-Identifier: Apache-2.0
#include "io/run_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

namespace shoal {
namespace {

std::string this_process() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host.fill('\0');
  return std::to_string(::getpid()) + " on " + host.data() + "\n";
}

/// Reads what the holder wrote into the lock file. The holder may have got the lock just now, so this waits
/// up to half a second for its text.
std::string holder(int descriptor) {
  for (int attempt = 0; attempt < 25; ++attempt) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::array<char, 300> text{};
    const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
    std::string words(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    words.resize(std::min(words.find('\n'), words.size()));
    if (!words.empty()) return "process " + printable(words);
  }
  return "another process";
}

}  // namespace

RunLock::RunLock(const std::filesystem::path& run, const std::function<void(const std::string&)>& warn) {
  const std::filesystem::path name = run / "lock";
  file_ = open_or_throw(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK);
  while (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK)
      throw ResourceError(run.string() + ": " + holder(file_.get()) +
                          " is at work in this run folder; wait for it, or choose another folder");
    if (errno != ENOLCK && errno != ENOSYS && errno != EOPNOTSUPP) fail_with_errno(name, "locking failed");
    if (warn)
      warn(name.string() + ": this file system has no locks: make sure that no other process works in " +
           "the folder");
    return;
  }
  const std::string text = this_process();
  // An error here does not matter: only the message of another process depends on these calls.
  [[maybe_unused]] const bool written =
      ::ftruncate(file_.get(), 0) == 0 &&
      ::pwrite(file_.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

}  // namespace shoal
