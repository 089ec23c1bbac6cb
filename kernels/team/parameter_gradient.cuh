// SPDX-License-Identifier: Apache-2.0
// TeamGradient: what is done with the elements of a gradient when they leave the registers. A sum over rows
// may be computed in several blocks of rows. All blocks but the last store partial sums in memory; the last
// one uses the result at once, so that an update needs no pass of its own over the parameters.
#pragma once

#include "kernels/math/network.hpp"
#include "kernels/team/tile.cuh"

namespace shoal::kernels {

enum class GradientUse {
  none,      ///< the gradient is not computed
  store,     ///< to = weight v
  add,       ///< to = weight v + to
  subtract,  ///< to = to - v
  descend,   ///< an inner step: phi = phi - alpha v; stores for the backward pass what it will need
};

struct TeamGradient {
  GradientUse use = GradientUse::none;
  float* to = nullptr;       ///< [P] target of store, add, subtract, in global memory
  float* partial = nullptr;  ///< [P] partial sums, between blocks of rows
  bool first = true, last = true;
  float weight = 1.0f;

  // descend
  float* phi = nullptr;                ///< [P] shared memory
  const float* rates = nullptr;        ///< [P] one rate per parameter, or null
  const float* layer_rates = nullptr;  ///< one rate per layer, `layer_rate_stride` apart, or null
  int layer_rate_stride = 0;
  float alpha = 0.0f;             ///< rate of the current layer
  float* gradient_out = nullptr;  ///< [P] where to store v, or null
  float* moves = nullptr;         ///< [P] where to add the step alpha v, or null
  const float* origin = nullptr;  ///< [P] the point near which phi must stay, or null
  float most = 0.0f;
  bool bad = false, far = false;  ///< a new value is not finite, or is more than `most` from `origin`

  bool large = false;  ///< a value of store, add or subtract is not finite or is above 2^60

  /// Announces that the next gradients are those of layer `layer`.
  __device__ __forceinline__ void enter(int layer) {
    if (layer_rates) alpha = layer_rates[layer * layer_rate_stride];
  }

  /// Loads the start of the sums of the n elements from p on; n is 1 or 4.
  template <int n>
  __device__ __forceinline__ void start(std::size_t p, float* v) const {
    if (first) return;  // v is zero already
    load<n>(partial + p, v);
  }

  /// visit(f) must call f(p, v) for all elements, n at a time. This function chooses f once for all of them,
  /// by `use`.
  template <int n, class Visit>
  __device__ __forceinline__ void finish(Visit visit) {
    if (!last) return visit([&](std::size_t p, const float* v) { store<n>(partial + p, v); });
    switch (use) {
      case GradientUse::none:
        return;
      case GradientUse::store:
        return visit([&](std::size_t p, const float* v) {
          float value[n];
#pragma unroll
          for (int i = 0; i < n; ++i) {
            value[i] = weight * v[i];
            large |= !(fabsf(value[i]) <= 0x1p+60f);
          }
          store<n>(to + p, value);
        });
      case GradientUse::add:
        return visit([&](std::size_t p, const float* v) {
          float value[n];
          load<n>(to + p, value);
#pragma unroll
          for (int i = 0; i < n; ++i) {
            value[i] = fma(weight, v[i], value[i]);
            large |= !(fabsf(value[i]) <= 0x1p+60f);
          }
          store<n>(to + p, value);
        });
      case GradientUse::subtract:
        return visit([&](std::size_t p, const float* v) {
          float value[n];
          load<n>(to + p, value);
#pragma unroll
          for (int i = 0; i < n; ++i) {
            value[i] = value[i] - v[i];
            large |= !(fabsf(value[i]) <= 0x1p+60f);
          }
          store<n>(to + p, value);
        });
      case GradientUse::descend:
        return visit([&](std::size_t p, const float* v) { descend<n>(p, v); });
    }
  }

 private:
  template <int n>
  static __device__ __forceinline__ void load(const float* from, float* v) {
    if constexpr (n == 4)
      load4(from, v);
    else
      v[0] = *from;
  }
  template <int n>
  static __device__ __forceinline__ void store(float* at, const float* v) {
    if constexpr (n == 4)
      store_global4(at, v);
    else
      *at = v[0];
  }

  template <int n>
  static __device__ __forceinline__ void store_shared(float* at, const float* v) {
    if constexpr (n == 4)
      store_shared4(at, v);
    else
      *at = v[0];
  }

  template <int n>
  __device__ __forceinline__ void descend(std::size_t p, const float* v) {
    float value[n], rate[n];
#pragma unroll
    for (float& x : rate) x = alpha;
    if (rates) load<n>(rates + p, rate);
    load<n>(phi + p, value);
#pragma unroll
    for (int i = 0; i < n; ++i) {
      value[i] = fma(-rate[i], v[i], value[i]);
      bad |= !(fabsf(value[i]) <= 0x1.fffffep+127f);
    }
    store_shared<n>(phi + p, value);
    if (gradient_out) store<n>(gradient_out + p, v);
    if (moves) {  // theta - phi_K as a sum of steps: the difference itself would lose small ones
      float sum[n];
      load<n>(moves + p, sum);
#pragma unroll
      for (int i = 0; i < n; ++i) sum[i] = fma(rate[i], v[i], sum[i]);
      store<n>(moves + p, sum);
    }
    if (origin) {
      float from[n];
      load<n>(origin + p, from);
#pragma unroll
      for (int i = 0; i < n; ++i) far |= fabsf(value[i] - from[i]) > most;
    }
  }
};

/// Epilogue of products (kernels/team/gemm.cuh) that are the gradient of a weight.
struct GradientEpilogue {
  TeamGradient& gradient;
  std::size_t begin;
  int stride;

  __device__ __forceinline__ std::size_t parameter_index(int r, int j) const {
    return begin + static_cast<std::size_t>(r * stride + j);
  }
  __device__ __forceinline__ void start4(int r, int j0, float* v) const {
    gradient.start<4>(parameter_index(r, j0), v);
  }
  __device__ __forceinline__ float start1(int r, int j) const {
    float v = 0.0f;
    gradient.start<1>(parameter_index(r, j), &v);
    return v;
  }
  template <class Tile>
  __device__ __forceinline__ void finish(const Tile& tile, float (&v)[Tile::height][Tile::width]) const {
    gradient.finish<4>([&](auto use) {
      tile.each_quad(v, [&](int r, int j0, const float* g) { use(parameter_index(r, j0), g); });
    });
  }
  __device__ __forceinline__ void finish1(int r, int j, float v) const {
    gradient.finish<1>([&](auto use) { use(parameter_index(r, j), &v); });
  }
};

}  // namespace shoal::kernels
