// SPDX-License-Identifier: Apache-2.0
// One process at a time in a run folder.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "io/descriptor.hpp"

namespace shoal {

/// Holds flock(2) on RUN/lock; the kernel frees it when the process ends, however it ends. The file holds the
/// number of the process and the name of the machine, for the message that another process gets.
class RunLock {
 public:
  /// Throws ResourceError when another process holds the lock. Where the file system has no locks, `warn` is
  /// told, and the run goes on without.
  RunLock(const std::filesystem::path& run, const std::function<void(const std::string&)>& warn);

 private:
  Descriptor file_;
};

}  // namespace shoal
