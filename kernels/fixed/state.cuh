// SPDX-License-Identifier: Apache-2.0
// FixedState: what a lane knows of its task, and its access to the task's matrices: shared memory, the
// workspace, the lane's elements of each tile.
#pragma once

#include "kernels/device/shared_address.cuh"
#include "kernels/fixed/lane_record.cuh"
#include "kernels/fixed/layer.cuh"

namespace shoal::kernels {

inline constexpr int never_failed = 0x7fffffff;
/// Rows that a loop of short sums over rows takes in a round: they wait for their loads together, which take
/// longer from the workspace.
template <FixedShape s>
inline constexpr int rows_at_once = s.streamed        ? 16
                                    : s.rows % 5 == 0 ? 5
                                    : s.rows < 8      ? 2
                                                      : 8;

/// Rows of a tile that a loop takes in a round where nothing in registers depends on them: large tiles are
/// not unrolled as a whole, which would be much code to compile and to fetch.
template <FixedShape s, int rows>
inline constexpr int tile_rows_at_once = s.streamed&& rows > 4 ? 4 : rows;

template <FixedShape s>
struct FixedState {
  static constexpr FixedPlan plan = plan_of<s>;
  template <int l>
  using Layer = FixedLayer<s, l>;
  template <int l>
  using OutColumns = LaneColumns<Layer<l>::out.columns, Layer<l>::out.across>;
  template <int l>
  using WeightColumns = LaneColumns<Layer<l>::weight_tile.columns, Layer<l>::weight_tile.across>;

  const TaskArguments& job;
  float* shared;
  float* workspace;
  int lane;
  int task = 0;
  int failed_step =
      never_failed;  ///< the first step after which this lane has seen a value that is not finite
  float lambda_small[plan.small] = {};  ///< adjoints of the parameters that are dealt by columns
  float lambda_head_bias = 0.0f;
  float total_loss = 0.0f;  ///< of the last pass

  // --- synchronisation ---
  /// A barrier of the task's lanes. Two tasks of one warp wait for each other. Afterwards the compiler knows
  /// nothing about `lane`, so that it computes addresses again: a few integer instructions. Else addresses
  /// that live through all phases fill the registers, and chains of operations are put one after another.
  __device__ __forceinline__ void sync() {
    if constexpr (s.lanes <= warp_threads)
      __syncwarp();
    else
      __syncthreads();
    forget_addresses();
  }
  __device__ __forceinline__ void forget_addresses() {
#if defined(__CUDA_ARCH__)
    asm volatile("" : "+r"(lane));
#endif
  }

  // --- matrices of rows [rows, row_stride] of layer l ---
  /// Activations. `tape`: the record of the pass.
  template <int l>
  __device__ __forceinline__ float* a(float* tape) const {
    return s.streamed ? tape + Layer<l>::record_a : shared + Layer<l>::plan.a;
  }
  /// R{a}.
  template <int l>
  __device__ __forceinline__ float* r() const {
    return s.streamed ? rest() + Layer<l>::plan.streamed_r : shared + Layer<l>::plan.r;
  }
  /// dL/dz in the passes over rows,
  template <int l>
  __device__ __forceinline__ float* delta() const {
    return s.streamed ? rest() + Layer<l>::plan.streamed_d : shared + Layer<l>::plan.r;
  }
  /// and in the backward pass through a step, where it may overwrite a; R{dL/dz}, which may overwrite R{a}.
  template <int l>
  __device__ __forceinline__ float* d() const {
    return s.streamed ? rest() + Layer<l>::plan.streamed_d : shared + Layer<l>::plan.a;
  }
  template <int l>
  __device__ __forceinline__ float* r_d() const {
    return s.streamed ? rest() + Layer<l>::plan.streamed_r_d : shared + Layer<l>::plan.r;
  }
  /// A pointer into such a matrix that a loop steps.
  template <class T>
  static __device__ __forceinline__ T* stepped(T* pointer) {
    return s.streamed ? pointer : opaque_shared(pointer);
  }
  /// Stores this lane's columns of a row.
  template <class Columns>
  static __device__ __forceinline__ void store_row(float* row, int lane, const float* v) {
    if constexpr (s.streamed)
      Columns::store_global(row, lane, v);
    else
      Columns::store(row, lane, v);
  }

  // --- places ---
  template <int l>
  __device__ __forceinline__ FixedPlace out_place() const {
    return fixed_place<Layer<l>::out.down, Layer<l>::out.across>(lane);
  }
  template <int l>
  __device__ __forceinline__ FixedPlace weight_place() const {
    return fixed_place<Layer<l>::weight_tile.down, Layer<l>::weight_tile.across>(lane);
  }
  /// Row i of this lane in `matrix` [rows, row_stride] of layer l.
  template <int l>
  static __device__ __forceinline__ float* row(float* matrix, FixedPlace at, int i) {
    return matrix + (at.row + Layer<l>::out.down * i) * Layer<l>::row_stride;
  }
  /// Row of the weight of layer l that is row i of this lane's tile.
  template <int l>
  static __device__ __forceinline__ int weight_row(FixedPlace at, int i) {
    return LaneColumns<Layer<l>::weight_tile.rows, Layer<l>::weight_tile.down>::at(at.row, i);
  }
  template <int l>
  __device__ __forceinline__ float* weight_row_at(int base, FixedPlace at, int strip, int i) const {
    return shared + base + weight_row<l>(at, i) * Layer<l>::weight_stride +
           strip * Layer<l>::weight_tile.strip_width();
  }
  template <int l>
  static __device__ __forceinline__ int weight_lane(FixedPlace at, int i) {
    return swizzled_lane<Layer<l>::swizzled>(at.column, weight_row<l>(at, i) >> 2);
  }
  /// Column q of strip `strip` of this lane's tile.
  template <int l>
  static __device__ __forceinline__ int weight_column(FixedPlace at, int strip, int q) {
    return strip * Layer<l>::weight_tile.strip_width() + WeightColumns<l>::at(at.column, q);
  }
  template <int l>
  static __device__ __forceinline__ bool is_inside(FixedPlace at, int strip, int i, int q) {
    return Layer<l>::covers ||
           (weight_row<l>(at, i) < Layer<l>::inputs && weight_column<l>(at, strip, q) < Layer<l>::outputs);
  }
  template <int l>
  static __device__ __forceinline__ int theta_place(FixedPlace at, int strip, int i, int q) {
    return Layer<l>::theta_weight + weight_row<l>(at, i) * Layer<l>::theta_stride +
           weight_column<l>(at, strip, q);
  }

  // --- the workspace ---
  /// Record of inner step k. Record `steps` has the tape of the query rows.
  __device__ __forceinline__ float* record(int k) const {
    return workspace + static_cast<std::int64_t>(k) * plan.record_floats;
  }
  __device__ __forceinline__ float* rest() const {
    return record(job.inner.steps + 1);
  }
  __device__ __forceinline__ float* learning() const {
    return rest() + plan.fixed_workspace;
  }
  /// Where rates are learned: lambda, gradients of the steps, in the layout of theta; gradients of the rates.
  __device__ __forceinline__ float* lambda_rows() const {
    return learning();
  }
  __device__ __forceinline__ float* gradient_rows(int k) const {
    return learning() + static_cast<std::int64_t>(k + 1) * whole_words(plan.parameters);
  }
  __device__ __forceinline__ float* rate_gradient() const {
    return gradient_rows(job.inner.steps);
  }

  template <int l>
  __device__ __forceinline__ float* lambda_at(int strip, int i) const {
    constexpr FixedTile tile = Layer<l>::weight_tile;
    return rest() + Layer<l>::lambda + (strip * tile.rows + i) * tile.columns * s.lanes;
  }

  // --- rates ---
  /// Rate of layer l in step k where it is one number; some number if there is no step k.
  __device__ __forceinline__ float layer_rate(int l, int k) const {
    if constexpr (s.rates == LearnedRate::layer) return job.rates[l];
    if constexpr (s.rates == LearnedRate::layer_step) {
      const int steps = job.inner.rate_steps;
      return job.rates[l * steps + (k < 0 ? 0 : k < steps ? k : steps - 1)];
    }
    return job.inner.learning_rate;
  }
  /// Rate of the parameter at `theta`, where layer_rate() is `alpha`.
  __device__ __forceinline__ float rate_of(float alpha, int theta, bool inside = true) const {
    if constexpr (s.rates == LearnedRate::parameter) return inside ? job.rates[theta] : 0.0f;
    return alpha;
  }

  static __device__ __forceinline__ bool is_finite(float x) {
    return fabsf(x) <= 0x1.fffffep+127f;
  }
  static __device__ __forceinline__ bool is_small(float x) {
    return fabsf(x) <= 0x1p+60f;
  }
  __device__ __forceinline__ void note_failure(bool bad, int k) {
    if (bad && failed_step == never_failed) failed_step = k;
  }
};

}  // namespace shoal::kernels
