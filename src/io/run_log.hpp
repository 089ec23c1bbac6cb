// SPDX-License-Identifier: Apache-2.0
// RunLog: the log RUN/metrics.jsonl. Whole lines are appended; a checkpoint records the lines before it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "io/descriptor.hpp"
#include "io/sha256.hpp"

namespace shoal {

/// A position in the log: the number of bytes before it, and their SHA-256.
struct LogPosition {
  std::uint64_t bytes = 0;
  std::string sha256;
};

class RunLog {
 public:
  explicit RunLog(std::filesystem::path file) : file_(std::move(file)) {}

  /// Appends a line that ends with a newline. On an error, nothing of the line remains. Throws ResourceError.
  void append(const std::string& line);
  /// Syncs all lines to the disk and returns the position of the log's end. Throws ResourceError.
  LogPosition sync();
  /// Truncates the log to `mark` and continues there. Returns false, without a change, when the first bytes
  /// of the log are not those of the mark. Throws ResourceError.
  bool truncate(const LogPosition& mark);

  /// All lines. Throws ResourceError.
  std::string text() const;
  /// Replaces all lines. Throws ResourceError; the old lines are then still there.
  void replace(const std::string& text);

 private:
  void open();

  std::filesystem::path file_;
  Descriptor descriptor_;
  Sha256 hash_;
  std::uint64_t bytes_ = 0;
  bool synced_ = true;
};

}  // namespace shoal
