// SPDX-License-Identifier: Apache-2.0
// What a training tells Python, and how Python ends it: a callback that says so, an exception of a callback,
// or Ctrl-C. The interpreter's lock is taken every 200 ms to look for signals, and for logged iterations of
// callbacks that may end the training.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <vector>

#include <shoal/trainer.hpp>

#include "arrays.hpp"

namespace shoal::python {

class Observer {
 public:
  /// `callback`: called with a dictionary of metrics at multiples of `log_every` and at `last`; true ends the
  /// training. Its method `look` is called at every look for signals. Where its attribute `may_wait` is true,
  /// the calls wait for the next look, so that a busy thread of Python is asked for the lock less often.
  /// None: nobody is called.
  explicit Observer(const nanobind::object& callback);

  void begin(std::int64_t log_every, std::int64_t last) {
    log_every_ = log_every;
    last_ = last;
  }
  void see(const TrainMetrics& metrics);
  void see(const Validation& validation) { validation_ = validation; }
  /// Makes the calls that still wait. The caller holds the interpreter's lock.
  void finish();
  bool stop() const { return stop_; }
  bool has_thrown() const { return thrown_ != nullptr; }
  /// Throws what ended the training, if something was thrown.
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Logged {
    TrainMetrics metrics;
    std::optional<Validation> validation;  ///< since the last logged iteration
  };
  bool is_logged(std::int64_t iteration) const {
    return callback_ && (iteration % log_every_ == 0 || iteration == last_);
  }
  void call(const Logged& logged);

  std::optional<Kept> callback_;
  std::int64_t log_every_ = 1, last_ = 0;
  bool may_wait_ = false;
  std::optional<Validation> validation_;  ///< since the last logged iteration
  std::vector<Logged> waiting_;
  Clock::time_point looked_ = Clock::now();
  bool stop_ = false;
  std::exception_ptr thrown_;
};

}  // namespace shoal::python
