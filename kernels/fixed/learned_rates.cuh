// SPDX-License-Identifier: Apache-2.0
// Gradients of learned rates: d alpha -= g_k o lambda_{k+1}, from the rows of both that the lanes keep in the
// layout of theta. With a rate per layer the sum is one chain in order of its parameters (contract N2), so
// that only lanes of different layers work at the same time.
#pragma once

#include "kernels/device/exact_digits.cuh"
#include "kernels/fixed/state.cuh"

namespace shoal::kernels {

/// Calls use(begin, rows, columns, layer) for every tensor that adapts; `begin` is its place in theta, whose
/// rows are theta_stride floats apart.
template <FixedShape s, class Use>
__device__ __forceinline__ void for_adapting_tensors(Use use) {
  for_numbers<0, s.layers>([&](auto number) {
    constexpr int l = decltype(number)::value;
    using Y = FixedLayer<s, l>;
    if constexpr (Y::weight_adapts) use(Y::theta_weight, Y::inputs, Y::outputs, number);
    if constexpr (Y::bias_adapts) use(Y::theta_bias, 1, Y::outputs, number);
  });
}

/// Adds the terms of step k.
template <FixedShape s>
__device__ __forceinline__ void add_rate_gradients(FixedState<s>& t, int k) {
  const float *const g = t.gradient_rows(k), *const lambda = t.lambda_rows();
  float* const to = t.rate_gradient();
  t.sync();  // other lanes wrote lambda
  for_adapting_tensors<s>([&](int begin, int rows, int columns, auto number) {
    constexpr int l = decltype(number)::value;
    constexpr int stride = FixedLayer<s, l>::theta_stride;
    if constexpr (s.rates == LearnedRate::parameter) {
      for (int e = t.lane; e < rows * columns; e += s.lanes) {
        const int p = begin + e / columns * stride + e % columns;
        to[p] = fma(-g[p], lambda[p], to[p]);
      }
    } else if (t.lane == l % s.lanes) {
      const int steps = t.job.inner.rate_steps;
      const int at = s.rates == LearnedRate::layer ? l : l * steps + (k < steps ? k : steps - 1);
      float sum = to[at];
      for (int r = 0; r < rows; ++r)
        for (int j = 0; j < columns; ++j)
          sum = fma(-g[begin + r * stride + j], lambda[begin + r * stride + j], sum);
      to[at] = sum;
    }
  });
}

}  // namespace shoal::kernels
