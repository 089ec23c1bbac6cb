// SPDX-License-Identifier: Apache-2.0
// The instruction caches of a multiprocessor: one of each scheduler, filled through one port from one that
// all share, filled from L2. NVIDIA documents neither; sizes and times are settings.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "settings.hpp"

namespace shoal::issue {

inline constexpr int schedulers = 4;
inline constexpr Cycle never = -1;

// Lines of code, the least recently used one makes room. A line that is on its way is there from `arrives`
// on.
class LineCache {
 public:
  LineCache(Cycle lines, std::size_t code_lines)
      : lines_(static_cast<std::size_t>(lines)), used_(code_lines, never), arrives_(code_lines, 0) {}

  bool has(Cycle line) const { return lines_ == 0 || used_[at(line)] != never; }
  Cycle arrival(Cycle line) const { return arrives_[at(line)]; }
  void touch(Cycle line, Cycle now) { used_[at(line)] = now; }

  void insert(Cycle line, Cycle now, Cycle arrives) {
    if (resident_.size() == lines_) {
      const auto oldest = std::min_element(resident_.begin(), resident_.end(),
                                           [&](Cycle a, Cycle b) { return used_[at(a)] < used_[at(b)]; });
      used_[at(*oldest)] = never;
      *oldest = line;
    } else {
      resident_.push_back(line);
    }
    used_[at(line)] = now;
    arrives_[at(line)] = arrives;
  }

 private:
  static std::size_t at(Cycle line) { return static_cast<std::size_t>(line); }
  std::size_t lines_;
  std::vector<Cycle> resident_, used_, arrives_;
};

// The instruction caches of a multiprocessor.
class InstructionFetch {
 public:
  InstructionFetch(const Settings& settings, std::size_t code_lines)
      : settings_(settings),
        own_(schedulers, LineCache(settings.cache_lines, code_lines)),
        shared_(settings.shared_lines, code_lines),
        code_lines_(static_cast<Cycle>(code_lines)) {}

  // A warp of a scheduler enters a line: the cycle from which it can be issued from.
  Cycle enter(std::size_t scheduler, Cycle line, Cycle now) {
    if (settings_.cache_lines == 0) return now;
    const Cycle ready = fetched(scheduler, line, now);
    misses_ += ready > now ? 1 : 0;
    const Cycle last = std::min(code_lines_ - 1, line + settings_.prefetch);
    for (Cycle next = line + 1; next <= last; ++next) fetched(scheduler, next, now);
    return ready;
  }
  Cycle misses() const { return misses_; }

 private:
  Cycle fetched(std::size_t scheduler, Cycle line, Cycle now) {
    LineCache& own = own_[scheduler];
    if (own.has(line)) {
      own.touch(line, now);
      return std::max(now, own.arrival(line));
    }
    const Cycle begin = std::max(now, port_free_);
    port_free_ = begin + settings_.port;
    Cycle arrives = begin + settings_.miss;
    if (settings_.shared_lines > 0) {
      if (shared_.has(line)) {
        shared_.touch(line, now);
        arrives = std::max(arrives, shared_.arrival(line));
      } else {
        arrives = begin + settings_.far_miss;
        shared_.insert(line, now, arrives);
      }
    }
    own.insert(line, now, arrives);
    return arrives;
  }

  const Settings& settings_;
  std::vector<LineCache> own_;
  LineCache shared_;
  Cycle code_lines_, port_free_ = 0, misses_ = 0;
};

}  // namespace shoal::issue
