// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include <unistd.h>

#include <cstdio>
#include <string>

#include <nlohmann/json.hpp>

namespace shoal::cli {

Progress::Progress(std::int64_t iterations, std::int64_t log_every, Talk talk)
    : iterations_(iterations),
      log_every_(log_every),
      quiet_(talk == Talk::quiet),
      terminal_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\n", stderr);
}

void Progress::show(const TrainMetrics& metrics) {
  if (quiet_) return;
  if (first_ < 0) first_ = metrics.iteration - 1;
  const bool last = metrics.iteration == iterations_;
  if (!terminal_) {
    if (metrics.iteration % log_every_ != 0 && !last) return;
    const nlohmann::ordered_json line = {{"iteration", metrics.iteration},
                                         {"iterations", iterations_},
                                         {"query_loss_before", metrics.query_loss_before},
                                         {"query_loss", metrics.query_loss},
                                         {"failed", metrics.failed}};
    std::fprintf(stderr, "%s\n", line.dump().c_str());
    return;
  }
  const auto now = Clock::now();
  if (!last && now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double done = static_cast<double>(metrics.iteration - first_),
               left = static_cast<double>(iterations_ - metrics.iteration);
  constexpr int width = 30;
  const int filled = static_cast<int>(static_cast<double>(width) * static_cast<double>(metrics.iteration) /
                                      static_cast<double>(iterations_));
  std::string bar(static_cast<std::size_t>(filled), '#');
  bar.resize(width, '.');
  std::fprintf(stderr, "\r[%s] %lld/%lld  loss %.4g -> %.4g  %.0f it/s  %.0f s left   ", bar.c_str(),
               static_cast<long long>(metrics.iteration), static_cast<long long>(iterations_),
               metrics.query_loss_before, metrics.query_loss, done / seconds, left * seconds / done);
  drawn_ = true;
}

}  // namespace shoal::cli
