// SPDX-License-Identifier: Apache-2.0
// The interface between the backend and the code of one instruction set: plain data, without the standard
// library, so that a translation unit built for AVX-512 contains no inline function of the library that the
// linker could choose for the whole program.
//
// With lanes = tasks a *group* is W tasks, one per SIMD lane. Every buffer of a group is interleaved: element
// e of lane w is at e * W + w, so that a matrix [rows, columns] of the group is an array of rows * columns
// vectors. With lanes = units (lane_layouts.hpp) a group is one task, and each row of its data starts at a
// vector.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/math/network.hpp"

namespace shoal::cpu {

inline constexpr int max_lanes = 16;

using kernels::InnerOptions;
using kernels::LayerShape;
using kernels::LossOptions;
using kernels::Network;

enum class LaneLayout : int { tasks, units };

/// Some rows of a group's set, in the layout of GroupRows.
struct PackedBlock {
  const float *x, *y, *offset;
};

/// Largest magnitudes in the rows of a group; 0 where there are no such values. Class labels do not count.
struct LargestValues {
  float x = 0.0f, y = 0.0f, offset = 0.0f;
};

/// The support or query rows of a group, interleaved; with lanes = units the rows of x, y and offset start at
/// vectors.
struct GroupRows {
  const float* x = nullptr;       ///< [rows, inputs]
  const float* y = nullptr;       ///< [rows, targets]; class labels as numbers
  const float* offset = nullptr;  ///< [rows, outputs] or null
  /// For a set that is too large to be packed as a whole, where x, y and offset above are null: packs these
  /// rows; the result is valid until the next call.
  PackedBlock (*pack_block)(void* packer, int first, int count) = nullptr;
  void* packer = nullptr;
  int rows = 0;         ///< rows of the longest lane
  int common_rows = 0;  ///< rows of the shortest lane; up to there no mask is needed
  LargestValues largest;
  std::int32_t lane_rows[max_lanes] = {};
  alignas(64) float scale[max_lanes] = {};  ///< 1 / terms of the mean; 0 for an empty set
  alignas(64) float terms[max_lanes] = {};  ///< divisor of the mean
};

enum class TapePolicy : int { store, recompute };

/// A group of at most GroupKernels::tasks tasks. Lanes from `lanes` on have no task: they have no rows and
/// are never good.
struct GroupJob {
  const Network* network = nullptr;  ///< offsets and sizes of its tensors are in vectors
  const LossOptions* loss = nullptr;
  const InnerOptions* inner = nullptr;
  const float* theta = nullptr;  ///< [P], shared by the lanes
  const float* rates = nullptr;  ///< [R]
  std::size_t rate_count = 0;
  GroupRows support, query;
  int lanes = 0;
  /// If false, loss_before is 0, and a query loss at theta that is not small goes unnoticed.
  bool wants_loss_before = true;
  int block_rows = 0;  ///< rows that go through the network together
  TapePolicy tape = TapePolicy::store;
  float* workspace = nullptr;  ///< workspace_floats() floats, 64-byte aligned

  std::uint8_t status[max_lanes] = {};       ///< in: 1 for bad input; out
  std::int32_t failed_step[max_lanes] = {};  ///< in: -1; out
  alignas(64) float loss_before[max_lanes] = {};
  alignas(64) float loss_after[max_lanes] = {};
  float* fast_weights = nullptr;    ///< out [P] interleaved (lanes = units: one after another), or null
  std::int64_t* sums[6] = {};       ///< digits of the exact sum over tasks, [P] each (core/exact_sum.hpp)
  std::int64_t* rate_sums[6] = {};  ///< the same for rates, [R] each
};

/// The points at which evaluate() computes query losses: `count` ascending numbers of steps.
struct EvaluationPoints {
  const int* steps = nullptr;
  int count = 0;
  float* loss = nullptr;           ///< out [count] interleaved
  std::uint8_t* status = nullptr;  ///< out [count] interleaved
  std::int32_t* failed_step = nullptr;
};

/// Properties of the values of each of W tasks.
struct LaneExtremes {
  alignas(64) float largest[max_lanes] = {};  ///< largest magnitude, infinity included, NaN not
  bool finite[max_lanes] = {};                ///< whether all values are finite
};

/// The operations of one instruction set for one layout of lanes.
struct GroupKernels {
  LaneLayout layout = LaneLayout::tasks;
  int width = 0;  ///< W
  int tasks = 0;  ///< tasks of a group: W or 1
  std::size_t (*workspace_floats)(const GroupJob& job);
  void (*meta_gradient)(GroupJob& job);
  void (*adapt)(GroupJob& job);
  void (*evaluate)(GroupJob& job, const EvaluationPoints& points);
  /// Computes outputs [rows, outputs], interleaved, of the rows of job.query with fast weights phi [P],
  /// interleaved.
  void (*predict)(GroupJob& job, const float* phi, float* outputs);
  /// to[e * W + w] = from[w][e] for `count` values of each task; `to` is 64-byte aligned. Null with lanes =
  /// units.
  void (*interleave)(const float* const* from, std::ptrdiff_t count, float* to, LaneExtremes& seen) = nullptr;
};

const GroupKernels& scalar_kernels(LaneLayout layout);
const GroupKernels* avx2_kernels(LaneLayout layout);    ///< null when this build has no code for it
const GroupKernels* avx512_kernels(LaneLayout layout);  ///< null when this build has no code for it

}  // namespace shoal::cpu
