// SPDX-License-Identifier: Apache-2.0
// What a long run tells while it runs, on standard error: a bar on a terminal, else JSON lines.
#pragma once

#include <chrono>
#include <cstdint>

#include <shoal/trainer.hpp>

namespace shoal::cli {

enum class Talk { normal, quiet };

class Progress {
 public:
  Progress(std::int64_t iterations, std::int64_t log_every, Talk talk);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void show(const TrainMetrics& metrics);

 private:
  using Clock = std::chrono::steady_clock;
  std::int64_t iterations_, log_every_, first_ = -1;
  bool quiet_, terminal_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now(), last_{};
};

}  // namespace shoal::cli
