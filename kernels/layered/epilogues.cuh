// SPDX-License-Identifier: Apache-2.0
// Epilogues of the products of a layer, applied where each finished element is: activations and their
// derivatives, the backward pass through them, the inner step, lambda. The equations are those of
// src/cpu/network_pass.hpp and src/cpu/task_group.hpp, which are the oracle (tests/cuda).
#pragma once

#include "kernels/device/device.cuh"
#include "kernels/layered/arguments.hpp"
#include "kernels/math/choices.hpp"

namespace shoal::kernels {

/// Epilogue of a product that has an output row per data row.
class RowEpilogue {
 public:
  __device__ __forceinline__ RowEpilogue(const LayerRowJob& job, std::int64_t row)
      : job_(job), base_(row * job.out.stride), offset_(row * job.columns) {}

  __device__ __forceinline__ void operator()(int r, int j, float value) const {
    const std::int64_t e = base_ + static_cast<std::int64_t>(r) * job_.out.stride + j;
    const bool padding = j >= job_.columns;
    switch (job_.epilogue) {
      case RowEpilogueKind::store:
        job_.out.at[e] = value;
        return;
      case RowEpilogueKind::add_offset:
        job_.out.at[e] =
            padding ? 0.0f
                    : value + job_.rows.offset[offset_ + static_cast<std::int64_t>(r) * job_.columns + j];
        return;
      case RowEpilogueKind::activate:
        activate(e, value, padding);
        return;
      case RowEpilogueKind::activate_backward:
        if (job_.curvature) job_.curvature[e] = padding ? 0.0f : value * job_.curvature[e];
        job_.out.at[e] = padding ? 0.0f : value * job_.slope[e];
        return;
      case RowEpilogueKind::r_activate:
        job_.out.at[e] = value;
        job_.r_activation[e] = padding ? 0.0f : value * job_.slope[e];
        return;
      case RowEpilogueKind::r_activate_backward:
        job_.out.at[e] = padding ? 0.0f : fma(value, job_.slope[e], job_.curvature[e] * job_.r_sum[e]);
        return;
      case RowEpilogueKind::r_activate_backward_linear:
        job_.out.at[e] = padding ? 0.0f : value * job_.slope[e];
        return;
    }
  }

 private:
  __device__ __forceinline__ void activate(std::int64_t e, float z, bool padding) const {
    float a = 0.0f, slope = 0.0f, curvature = 0.0f;
    if (!padding)
      with_activation<float>(job_.activation, [&]<class F>(F) {
        if (job_.curvature)
          F::curvature(z, a, slope, curvature);
        else
          F::slope(z, a, slope);
      });
    job_.out.at[e] = a;
    if (job_.slope) job_.slope[e] = slope;
    if (job_.curvature) job_.curvature[e] = curvature;
  }

  const LayerRowJob& job_;
  std::int64_t base_, offset_;
};

__device__ __forceinline__ void unpack(const float* from, float (&to)[4]) {
  const float4 v = *reinterpret_cast<const float4*>(from);
  to[0] = v.x;
  to[1] = v.y;
  to[2] = v.z;
  to[3] = v.w;
}
__device__ __forceinline__ void pack(const float (&from)[4], float* to) {
  *reinterpret_cast<float4*>(to) = {from[0], from[1], from[2], from[3]};
}

/// Epilogue of sums over rows, for four neighbouring parameters at a time: sums over few rows are cheap, so
/// that most of the time goes into the epilogue.
class SumEpilogue {
 public:
  __device__ __forceinline__ SumEpilogue(const LayerSumJob& job, int task)
      : job_(job), task_(task), base_(task * job.parameters) {}

  /// Takes the sums of parameters p .. p + 3, of which the first `count` exist; `has_rows` tells whether the
  /// task has any rows.
  __device__ __forceinline__ void operator()(std::int64_t p, float4 sums, int count, bool has_rows) {
    float g[4] = {sums.x, sums.y, sums.z, sums.w};
#pragma unroll
    for (int i = 1; i < 4; ++i) g[i] = i < count ? g[i] : 0.0f;
    if (job_.epilogue == SumEpilogueKind::step) return step(p, g, count, has_rows);
    if (job_.epilogue == SumEpilogueKind::subtract_lambda && !has_rows) return;
    float lambda[4] = {};
    if (job_.epilogue == SumEpilogueKind::add_lambda || job_.epilogue == SumEpilogueKind::subtract_lambda)
      unpack(job_.lambda + base_ + p, lambda);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (job_.epilogue == SumEpilogueKind::set_lambda) lambda[i] = g[i];
      if (job_.epilogue == SumEpilogueKind::scale_lambda) lambda[i] = job_.weight_of_loss * g[i];
      if (job_.epilogue == SumEpilogueKind::add_lambda) lambda[i] = fma(job_.weight_of_loss, g[i], lambda[i]);
      if (job_.epilogue == SumEpilogueKind::subtract_lambda) lambda[i] = lambda[i] - g[i];
    }
    pack(lambda, job_.lambda + base_ + p);
  }

  /// Raises the task's events. Call this after all sums.
  __device__ __forceinline__ void report() const {
    const int events = (bad_ ? not_finite : 0) | (far_ ? moved_far : 0);
    if (events) atomicOr(job_.chunk.events + task_, events);
  }

 private:
  __device__ __forceinline__ void step(std::int64_t p, const float (&g)[4], int count, bool has_rows) {
    float phi[4], rate[4];
    unpack(job_.phi + task_ * job_.phi_per_task + p, phi);
    if (has_rows) {
      if (job_.rates.per_parameter) {
        unpack(job_.rates.at + p, rate);
      } else {
        rate[0] = rate[1] = rate[2] = rate[3] = job_.rates.of(p);
      }
      // theta - phi_K is computed as the sum of the steps, because the difference itself would lose small
      // steps.
      if (job_.lambda) {
        float moved[4];
        unpack(job_.lambda + base_ + p, moved);
#pragma unroll
        for (int i = 0; i < 4; ++i) moved[i] = i < count ? fma(rate[i], g[i], moved[i]) : 0.0f;
        pack(moved, job_.lambda + base_ + p);
      }
      if (job_.gradient) pack(g, job_.gradient + base_ + p);
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        phi[i] = i < count ? fma(-rate[i], g[i], phi[i]) : 0.0f;
        bad_ = bad_ || !(fabsf(phi[i]) <= 0x1.fffffep+127f);
        if (job_.max_move > 0.0f && i < count)
          far_ = far_ || fabsf(phi[i] - job_.theta[p + i]) > job_.max_move;
      }
    }
    pack(phi, job_.next + base_ + p);
  }

  const LayerSumJob& job_;
  int task_;
  std::int64_t base_;
  bool bad_ = false, far_ = false;
};

}  // namespace shoal::kernels
