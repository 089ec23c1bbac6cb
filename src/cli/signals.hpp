// SPDX-License-Identifier: Apache-2.0
// Lets SIGINT and SIGTERM end a training at the next iteration.
#pragma once

namespace shoal::cli {

/// The exit code after a signal, with a checkpoint written: a batch system may start the command again.
inline constexpr int preempted = 75;

/// Whether a signal has come since the last CatchSignals was made.
bool was_signalled();

/// While an object of this class exists, SIGINT and SIGTERM are noted; a second signal ends the program at
/// once.
class CatchSignals {
 public:
  CatchSignals();
  ~CatchSignals();
  CatchSignals(const CatchSignals&) = delete;
  CatchSignals& operator=(const CatchSignals&) = delete;

 private:
  void (*old_interrupt_)(int);
  void (*old_terminate_)(int);
};

}  // namespace shoal::cli
