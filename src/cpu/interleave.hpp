// SPDX-License-Identifier: Apache-2.0
// Converts tasks that stand one after another to interleaved tasks: W x W values at a time, transposed in
// registers.
#pragma once

#include "cpu/lane_values.hpp"

namespace shoal::cpu {

template <class L>
class Interleave {
 public:
  using V = typename L::V;

  /// to[e W + w] = from[w][e] for the `count` values of each of W tasks; writes their properties to `seen`.
  static void run(const float* const* from, std::ptrdiff_t count, float* to, LaneExtremes& seen) {
    Interleave all;
    auto* out = reinterpret_cast<V*>(to);
    std::ptrdiff_t done = 0;
    for (; done + L::width <= count; done += L::width) all.square(from, done, L::width, out + done);
    if (done < count) all.square(from, done, static_cast<int>(count - done), out + done);
    for (int w = 0; w < L::width; ++w) {
      seen.largest[w] = reinterpret_cast<const float*>(&all.largest_)[w];
      seen.finite[w] = !L::lane(all.not_finite_, w);
    }
  }

 private:
  inline __attribute__((always_inline)) void square(const float* const* from, std::ptrdiff_t first,
                                                    int columns, V* to) {
    V values[L::width];
#pragma GCC unroll 16
    for (int w = 0; w < L::width; ++w)
      values[w] = columns == L::width ? L::load(from[w] + first) : L::load_first(from[w] + first, columns);
    L::transpose(values);
#pragma GCC unroll 16
    for (int e = 0; e < L::width; ++e) {
      if (e >= columns) break;
      to[e] = values[e];
      const V size = abs(values[e]);
      not_finite_ = or_(not_finite_, not_(LaneValues<L>::is_finite(values[e])));
      largest_ = select(size > largest_, size, largest_);
    }
  }

  V largest_ = V(0.0f);
  typename L::M not_finite_{};
};

}  // namespace shoal::cpu
