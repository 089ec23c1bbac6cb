// SPDX-License-Identifier: Apache-2.0
// Access to the values of each task for both layouts of lanes, and tests of values.
#pragma once

#include "cpu/lane_layouts.hpp"

namespace shoal::cpu {

template <class L>
struct LaneValues {
  using V = typename L::V;
  using M = typename L::M;

  static M is_finite(V x) { return abs(x) <= V(__FLT_MAX__); }
  static M is_small(V x) { return abs(x) <= V(0x1p+60f); }
  /// Whether the mask contains a lane of `task`.
  static bool of_task(M m, int task) { return L::units ? L::any(m) : L::lane(m, task); }

  /// Loads one float per task into all lanes of that task.
  static V per_task(const float* values) {
    return L::units ? V(values[0]) : *reinterpret_cast<const V*>(values);
  }
  /// Stores one float per task.
  static void store_per_task(const V& value, float* to) {
    if constexpr (L::units)
      to[0] = reinterpret_cast<const float*>(&value)[0];
    else
      *reinterpret_cast<V*>(to) = value;
  }
};

}  // namespace shoal::cpu
