// SPDX-License-Identifier: Apache-2.0
// LateCopies: the asynchronous copies that a thread has under way. A device may read and write at any time
// between the start of a copy and the wait for it. So both happen at both ends here: the start reads the
// source and makes the destination NaN, the wait reads again and writes. A reader that did not wait computes
// with NaN, a missing barrier at either end is a race for ThreadSanitizer, and a source that has changed
// meanwhile is a fault.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <vector>

namespace simt {

class LateCopies {
 public:
  void start(float* to, const float* from, std::size_t bytes) {
    Copy copy{to, from, bytes, groups_, {}};
    std::memcpy(copy.seen.data(), from, bytes);
    std::memset(to, 0xff, bytes);
    under_way_.push_back(copy);
  }
  void end_group() { ++groups_; }
  /// Finishes all groups but the last `pending`; for 0, all copies, in groups or not. Returns whether all
  /// sources have stayed what they were.
  bool finish(unsigned pending) {
    bool stayed = true;
    std::size_t left = 0;
    for (const Copy& copy : under_way_) {
      if (pending > 0 && copy.group + pending >= groups_) {
        under_way_[left++] = copy;
        continue;
      }
      stayed = std::memcmp(copy.seen.data(), copy.from, copy.bytes) == 0 && stayed;
      std::memcpy(copy.to, copy.from, copy.bytes);
    }
    under_way_.resize(left);
    return stayed;
  }

 private:
  struct Copy {
    float* to;
    const float* from;
    std::size_t bytes;
    unsigned group;
    std::array<float, 4> seen;
  };
  std::vector<Copy> under_way_;
  unsigned groups_ = 0;
};

}  // namespace simt
