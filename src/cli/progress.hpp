// SPDX-License-Identifier: Apache-2.0
// Shows on standard error how far a training is.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <shoal/trainer.hpp>

#include "cli/options.hpp"

namespace shoal::cli {

/// A bar that is redrawn in place, ten lines of text, or JSON lines with the members of metrics.jsonl.
enum class ProgressForm { none, bar, words, json };
/// none with --quiet, json with --json, bar on a terminal, else words.
ProgressForm progress_form(const CommonOptions& options);

class Progress {
 public:
  Progress(std::int64_t iterations, std::int64_t log_every, ProgressForm form)
      : iterations_(iterations), log_every_(log_every), form_(form) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void show(const TrainMetrics& metrics);
  void show(const Validation& validation);

 private:
  void draw_bar(const TrainMetrics& metrics);
  void say(const TrainMetrics& metrics) const;

  using Clock = std::chrono::steady_clock;
  std::int64_t iterations_, log_every_, first_ = -1;
  ProgressForm form_;
  std::optional<Validation> validation_;  ///< the latest validation
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now(), last_{};
};

}  // namespace shoal::cli
