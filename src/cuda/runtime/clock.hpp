// SPDX-License-Identifier: Apache-2.0
// DeviceClock: the time that the device spends in kernels, by its own clock, where somebody wants to know it.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "cuda/runtime/stream.hpp"

namespace shoal::cuda {

class DeviceClock {
 public:
  /// From now on kernels are timed, which costs a few microseconds each.
  void count() { counts_ = true; }
  /// Seconds so far; nothing where nobody counts.
  std::optional<double> seconds() const { return counts_ ? std::optional(seconds_) : std::nullopt; }

  /// Calls launches(), which give kernels to `stream`.
  template <class Launches>
  void around(Stream& stream, Launches launches) {
    if (!counts_) return launches();
    if (used_ == spans_.size()) spans_.emplace_back();
    spans_[used_].begin.record(stream);
    launches();
    spans_[used_].end.record(stream);
    ++used_;
  }
  /// Adds what was launched, and waits for it.
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
  std::deque<Span> spans_;  // kept for later ones
  std::size_t used_ = 0;
};

}  // namespace shoal::cuda
