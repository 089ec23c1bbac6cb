// SPDX-License-Identifier: Apache-2.0
// Records of an inner step in global memory, lane by lane: whatever a lane has written it reads back itself,
// neighbouring lanes access neighbouring words, and nothing waits at a barrier. Copies to shared memory are
// asynchronous, so that one barrier per step waits for all of them.
#pragma once

#include "kernels/device/async_copy.cuh"
#include "kernels/fixed/lane_columns.cuh"

namespace shoal::kernels {

/// n floats of each of `lanes` lanes.
template <int n, int lanes>
struct LaneRecord {
  static constexpr int floats = n * lanes;
  using Columns = LaneColumns<n, lanes>;

  static __device__ __forceinline__ void keep(float* record, int lane, const float* v) {
#pragma unroll
    for (int q = 0; q < Columns::quads; ++q) store_global4(record + 4 * (lanes * q + lane), v + 4 * q);
    constexpr int p = 4 * Columns::quads;
    if constexpr (Columns::pairs > 0) store2(record + lanes * p + 2 * lane, v + p);
    if constexpr (Columns::ones > 0) record[lanes * (n - 1) + lane] = v[n - 1];
  }
  static __device__ __forceinline__ void fetch(const float* record, int lane, float* v) {
#pragma unroll
    for (int q = 0; q < Columns::quads; ++q) load4(record + 4 * (lanes * q + lane), v + 4 * q);
    constexpr int p = 4 * Columns::quads;
    if constexpr (Columns::pairs > 0) load2(record + lanes * p + 2 * lane, v + p);
    if constexpr (Columns::ones > 0) v[n - 1] = record[lanes * (n - 1) + lane];
  }
  /// Starts to copy them to `row` in shared memory, to the columns of lane `place` of L lanes.
  template <int L>
  static __device__ __forceinline__ void fetch_to(const float* record, int lane, float* row, int place) {
#pragma unroll
    for (int q = 0; q < Columns::quads; ++q)
      copy_async<16>(row + 4 * place + 4 * L * q, record + 4 * (lanes * q + lane));
    constexpr int p = 4 * Columns::quads;
    if constexpr (Columns::pairs > 0) copy_async<8>(row + L * p + 2 * place, record + lanes * p + 2 * lane);
    if constexpr (Columns::ones > 0)
      copy_async<4>(row + L * (n - 1) + place, record + lanes * (n - 1) + lane);
  }
};

}  // namespace shoal::kernels
