// SPDX-License-Identifier: Apache-2.0
// Interruption: how a program ends a long call that it has begun, for example after Ctrl-C.
//
// Example:
//
//   #include <atomic>
//   #include <stdexcept>
//
//   std::atomic<bool> enough = false;  // another thread, or a signal handler, sets it
//   const shoal::Run run = shoal::Run::open("runs/clients");
//   const shoal::Interruption interruption([&] {
//     if (enough) throw std::runtime_error("interrupted");
//   });
//   const shoal::Predictions predictions = run.predict("new-clients.csv");
#pragma once

#include <functional>

namespace shoal {

/// While an object of this class lives, `adapt` and `evaluate` of learners, and `adapt`, `evaluate` and
/// `predict` of runs, call `look` between chunks of their tasks, on the thread that made the object and in
/// calls of this thread alone. What `look` throws ends the call and leaves the learner and the run as they
/// were. A call whose learner has no chunk size cuts its tasks into chunks of about a tenth of a second,
/// which changes no bit of the results. A training looks between iterations instead (TrainOptions::stop).
///
/// Of several objects on a thread, the newest is asked. Objects end in the reverse order of their making.
class Interruption {
 public:
  /// `look` must not be empty.
  explicit Interruption(std::function<void()> look);
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  /// Whether an object lives on this thread.
  static bool is_possible();
  /// Calls the newest object's function; without an object, does nothing.
  static void look();

 private:
  std::function<void()> look_;
  const Interruption* outer_;
};

}  // namespace shoal
