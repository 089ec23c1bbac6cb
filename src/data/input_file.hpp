// SPDX-License-Identifier: Apache-2.0
// InputFile: the bytes of a regular file. Pipes and devices are refused by name: opening them never waits.
#pragma once

#include <cstdint>
#include <string>

namespace shoal {

class InputFile {
 public:
  /// Throws DataError: not there, not readable, or no regular file.
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Up to `count` bytes; 0 at the end of the file. Throws ResourceError when the file system fails.
  std::size_t read(char* to, std::size_t count);
  /// In bytes, when it was opened.
  std::uint64_t size() const { return size_; }
  /// As messages show it.
  const std::string& shown() const { return shown_; }

 private:
  std::string shown_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace shoal
