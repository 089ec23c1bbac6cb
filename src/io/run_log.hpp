// SPDX-License-Identifier: Apache-2.0
// RUN/metrics.jsonl: whole lines, appended; a checkpoint counts on the lines before it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "io/descriptor.hpp"
#include "io/sha256.hpp"

namespace shoal {

/// The log up to a line: how many bytes, and their SHA-256.
struct LogPosition {
  std::uint64_t bytes = 0;
  std::string sha256;
};

class RunLog {
 public:
  explicit RunLog(std::filesystem::path file) : file_(std::move(file)) {}

  /// Appends a line, which ends with a newline: whole, or not at all. Throws ResourceError.
  void append(const std::string& line);
  /// Brings all lines to the disk and says where the log stands. Throws ResourceError.
  LogPosition sync();
  /// Cuts the log to `mark` and goes on from there; false, and nothing changed, when its first bytes are not
  /// those of the mark. Throws ResourceError.
  bool truncate(const LogPosition& mark);

  /// All lines. Throws ResourceError.
  std::string text() const;
  /// Puts other lines in place of all. Throws ResourceError; the old ones are then still there.
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
