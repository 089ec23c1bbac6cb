// SPDX-License-Identifier: Apache-2.0
// RUN/train.log: what happened to a run and when, for people. Resumed runs append to it.
#pragma once

#include <filesystem>
#include <string>

namespace shoal {

class TrainLog {
 public:
  explicit TrainLog(const std::filesystem::path& run) : file_(run / "train.log") {}
  /// Appends a line with the time (UTC). Throws ResourceError.
  void line(const std::string& text) const;

 private:
  std::filesystem::path file_;
};

}  // namespace shoal
