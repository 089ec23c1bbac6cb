// SPDX-License-Identifier: Apache-2.0
// LaneColumns: which n columns of a row a lane has, among L lanes: whole quads first, then a pair, then one.
// All lanes together read a row with the widest loads that its length allows.
#pragma once

#include "kernels/device/async_copy.cuh"
#include "kernels/device/vector_access.cuh"
#include "kernels/math/lanes.hpp"

namespace shoal::kernels {

template <int n, int L>
struct LaneColumns {
  static constexpr int quads = n / 4, pairs = n % 4 / 2, ones = n % 2;

  static SHOAL_HD constexpr int at(int lane, int e) {
    if (e < 4 * quads) return 4 * (lane + L * (e / 4)) + e % 4;
    if (e < 4 * quads + 2 * pairs) return 4 * quads * L + 2 * lane + (e - 4 * quads);
    return (4 * quads + 2 * pairs) * L + lane;
  }
  // For loops that step a pointer to the lane's first columns: where its pair and its last one lie from
  // there.
  struct Rest {
    int pair, one;
  };
  static SHOAL_HD constexpr int first(int lane) { return quads > 0 ? 4 * lane : pairs > 0 ? 2 * lane : lane; }
  static SHOAL_HD constexpr Rest rest(int lane) {
    return {4 * quads * L + 2 * lane - first(lane), (n - 1) * L + lane - first(lane)};
  }
  static __device__ __forceinline__ void load_at(const float* at, Rest rest, float* v) {
#pragma unroll
    for (int q = 0; q < quads; ++q) load4(at + 4 * L * q, v + 4 * q);
    if constexpr (pairs > 0) load2(at + rest.pair, v + 4 * quads);
    if constexpr (ones > 0) v[n - 1] = at[rest.one];
  }
  static __device__ __forceinline__ void load(const float* row, int lane, float* v) {
#pragma unroll
    for (int q = 0; q < quads; ++q) load4(row + 4 * lane + 4 * L * q, v + 4 * q);
    if constexpr (pairs > 0) load2(row + 4 * quads * L + 2 * lane, v + 4 * quads);
    if constexpr (ones > 0) v[n - 1] = row[(n - 1) * L + lane];
  }
  /// Starts to copy a row in global memory, columns of lane `lane`, to a row in shared memory, columns of
  /// lane `to`.
  static __device__ __forceinline__ void copy_async_from(const float* row, int lane, float* shared, int to) {
#pragma unroll
    for (int q = 0; q < quads; ++q) copy_async<16>(shared + 4 * to + 4 * L * q, row + 4 * lane + 4 * L * q);
    if constexpr (pairs > 0) copy_async<8>(shared + 4 * quads * L + 2 * to, row + 4 * quads * L + 2 * lane);
    if constexpr (ones > 0) copy_async<4>(shared + (n - 1) * L + to, row + (n - 1) * L + lane);
  }
  static __device__ __forceinline__ void store_global(float* row, int lane, const float* v) {
#pragma unroll
    for (int q = 0; q < quads; ++q) store_global4(row + 4 * lane + 4 * L * q, v + 4 * q);
    if constexpr (pairs > 0) store2(row + 4 * quads * L + 2 * lane, v + 4 * quads);
    if constexpr (ones > 0) row[(n - 1) * L + lane] = v[n - 1];
  }
  /// To shared memory.
  static __device__ __forceinline__ void store(float* row, int lane, const float* v) {
#pragma unroll
    for (int q = 0; q < quads; ++q) store_shared4(row + 4 * lane + 4 * L * q, v + 4 * q);
    if constexpr (pairs > 0) store2(row + 4 * quads * L + 2 * lane, v + 4 * quads);
    if constexpr (ones > 0) row[(n - 1) * L + lane] = v[n - 1];
  }
};

}  // namespace shoal::kernels
