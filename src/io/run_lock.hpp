// SPDX-License-Identifier: Apache-2.0
// RunLock: allows one process at a time in a run folder.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "io/descriptor.hpp"

namespace shoal {

/// Holds flock(2) on RUN/lock. The kernel releases it when the process ends, for whatever reason. The file
/// contains the process id and the name of the machine, for the error message of other processes.
class RunLock {
 public:
  /// Throws ResourceError when another process holds the lock. When the file system has no locks, calls
  /// `warn` and continues without one.
  RunLock(const std::filesystem::path& run, const std::function<void(const std::string&)>& warn);

 private:
  Descriptor file_;
};

}  // namespace shoal
