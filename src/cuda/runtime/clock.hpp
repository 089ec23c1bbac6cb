// SPDX-License-Identifier: Apache-2.0
// DeviceClock: measures the time that the device spends in kernels, by the device's clock, if asked to.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "cuda/runtime/stream.hpp"

namespace shoal::cuda {

class DeviceClock {
 public:
  /// Starts the measurement, which costs a few microseconds per kernel.
  void count() { counts_ = true; }
  /// Seconds so far; empty if the measurement was not started.
  std::optional<double> seconds() const { return counts_ ? std::optional(seconds_) : std::nullopt; }

  /// Calls launches(), which submits kernels to `stream`, between two events.
  template <class Launches>
  void around(Stream& stream, Launches launches) {
    if (!counts_) return launches();
    if (used_ == spans_.size()) spans_.emplace_back();
    spans_[used_].begin.record(stream);
    launches();
    spans_[used_].end.record(stream);
    ++used_;
  }
  /// Waits for the measured kernels and adds up their times.
  void collect() {
    for (; used_ > 0; --used_) {
      Span& span = spans_[used_ - 1];
      span.end.wait();
      seconds_ += 1e-3 * static_cast<double>(span.end.milliseconds_since(span.begin));
    }
  }

 private:
  struct Span {
    Event begin, end;
  };

  bool counts_ = false;
  double seconds_ = 0.0;
  std::deque<Span> spans_;  // events are reused
  std::size_t used_ = 0;
};

}  // namespace shoal::cuda
