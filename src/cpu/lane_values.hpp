// SPDX-License-Identifier: Apache-2.0
// Values that belong to tasks, whatever lanes stand for, and tests of values.
#pragma once

#include "cpu/lane_layouts.hpp"

namespace shoal::cpu {

template <class L>
struct LaneValues {
  using V = typename L::V;
  using M = typename L::M;

  static M is_finite(V x) { return abs(x) <= V(__FLT_MAX__); }
  static M is_small(V x) { return abs(x) <= V(0x1p+60f); }
  /// Whether a task of the group has a lane in the mask.
  static bool of_task(M m, int task) { return L::units ? L::any(m) : L::lane(m, task); }

  /// One float a task, in all lanes of its task.
  static V per_task(const float* values) {
    return L::units ? V(values[0]) : *reinterpret_cast<const V*>(values);
  }
  /// The same the other way round.
  static void store_per_task(const V& value, float* to) {
    if constexpr (L::units)
      to[0] = reinterpret_cast<const float*>(&value)[0];
    else
      *reinterpret_cast<V*>(to) = value;
  }
};

}  // namespace shoal::cpu
