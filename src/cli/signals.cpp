// SPDX-License-Identifier: Apache-2.0
#include "cli/signals.hpp"

#include <atomic>
#include <csignal>

namespace shoal::cli {
namespace {

std::atomic<int> caught_signal{0};

void catch_signal(int number) {
  if (caught_signal.exchange(number) == 0) return;
  std::signal(number, SIG_DFL);  // a second signal ends the program at once
  std::raise(number);
}

}  // namespace

bool was_signalled() {
  return caught_signal != 0;
}

CatchSignals::CatchSignals() {
  caught_signal = 0;
  old_interrupt_ = std::signal(SIGINT, catch_signal);
  old_terminate_ = std::signal(SIGTERM, catch_signal);
}

CatchSignals::~CatchSignals() {
  std::signal(SIGINT, old_interrupt_);
  std::signal(SIGTERM, old_terminate_);
}

}  // namespace shoal::cli
