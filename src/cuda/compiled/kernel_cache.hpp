// SPDX-License-Identifier: Apache-2.0
// KernelCache: compiled kernels on disk, for the next process. The folder is this user's alone
// (private_folder.hpp). An entry is a file named after its key. It carries a SHA-256 of all that it says, so
// that what is damaged, cut off or of another key is ignored, compiled again and replaced.
//
// The cache can only save time: whatever fails (a full disk, a folder that cannot be written) costs one
// compilation and is no error. Any number of threads and processes may use one folder: an entry appears as a
// whole, and of two writers of one entry the later wins.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cuda/compiled/compiled_kernel.hpp"

namespace shoal::cuda {

class KernelCache {
 public:
  /// Of all entries together, in bytes. Some thousand kernels.
  static constexpr std::int64_t default_bound = std::int64_t{256} << 20;

  /// `folder` is absolute; empty: nothing is kept. Entries that were not used for the longest time are
  /// removed when all of them take more than `bound` bytes.
  explicit KernelCache(std::string folder, std::int64_t bound = default_bound);

  /// The folder for people: its path, and why it is not used or that it does not exist yet. Makes nothing.
  std::string description() const;
  /// Why nothing is kept, "" if there is no reason. Makes nothing.
  std::string problem() const;

  /// `key`: see kernel_key.hpp.
  std::optional<CompiledKernel> load(const std::string& key) const;
  void store(const std::string& key, const CompiledKernel& kernel) const;

 private:
  std::string folder_;
  std::int64_t bound_;
};

}  // namespace shoal::cuda
