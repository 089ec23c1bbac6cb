// SPDX-License-Identifier: Apache-2.0
// What the backend hands to the code of one instruction set: plain data, no standard library, so that a
// translation unit built for AVX-512 emits no function that the linker could pick for everybody.
//
// With lanes = tasks a *group* is W tasks, one per SIMD lane. Every buffer of a group is interleaved: element
// e of lane w lies at e * W + w, so a matrix [rows, columns] of the group is an array of rows * columns
// vectors. With lanes = units (lane_layouts.hpp) a group is one task, and the rows of its data start at
// vectors.
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

/// Some rows of a group's set, laid out as GroupRows says.
struct PackedBlock {
  const float *x, *y, *offset;
};

/// Largest magnitudes in the rows of a group; 0 where there are no such values, class labels not counted.
struct LargestValues {
  float x = 0.0f, y = 0.0f, offset = 0.0f;
};

/// Support or query rows of a group, interleaved; with lanes = units rows of x, y and offset start at
/// vectors.
struct GroupRows {
  const float* x = nullptr;       ///< [rows, inputs]
  const float* y = nullptr;       ///< [rows, targets]; class labels as numbers
  const float* offset = nullptr;  ///< [rows, outputs] or null
  /// For a set that is too large to lie packed: packs these rows, until the next call. x, y and offset above
  /// are null then.
  PackedBlock (*pack_block)(void* packer, int first, int count) = nullptr;
  void* packer = nullptr;
  int rows = 0;         ///< of the longest lane
  int common_rows = 0;  ///< of the shortest lane: below it no lane needs a mask
  LargestValues largest;
  std::int32_t lane_rows[max_lanes] = {};
  alignas(64) float scale[max_lanes] = {};  ///< 1 / terms of the mean; 0 for an empty set
  alignas(64) float terms[max_lanes] = {};  ///< divisor of the mean
};

enum class TapePolicy : int { store, recompute };

/// A group of at most GroupKernels::tasks tasks; lanes beyond `lanes` hold no task (no rows, never good).
struct GroupJob {
  const Network* network = nullptr;  ///< its offsets and sizes of tensors count vectors
  const LossOptions* loss = nullptr;
  const InnerOptions* inner = nullptr;
  const float* theta = nullptr;  ///< [P], shared by the lanes
  const float* rates = nullptr;  ///< [R]
  std::size_t rate_count = 0;
  GroupRows support, query;
  int lanes = 0;
  bool wants_loss_before =
      true;            ///< else loss_before is 0, and a query loss at theta that is not small goes unseen
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

/// Where evaluate() wants query losses: `count` ascending numbers of steps.
struct EvaluationPoints {
  const int* steps = nullptr;
  int count = 0;
  float* loss = nullptr;           ///< out [count] interleaved
  std::uint8_t* status = nullptr;  ///< out [count] interleaved
  std::int32_t* failed_step = nullptr;
};

/// What the values of each of W tasks hold.
struct LaneExtremes {
  alignas(64) float largest[max_lanes] = {};  ///< magnitude of a finite value or infinity
  bool finite[max_lanes] = {};                ///< all of them
};

/// The operations of one instruction set with one meaning of lanes.
struct GroupKernels {
  LaneLayout layout = LaneLayout::tasks;
  int width = 0;  ///< W
  int tasks = 0;  ///< of a group: W or 1
  std::size_t (*workspace_floats)(const GroupJob& job);
  void (*meta_gradient)(GroupJob& job);
  void (*adapt)(GroupJob& job);
  void (*evaluate)(GroupJob& job, const EvaluationPoints& points);
  /// outputs [rows, outputs] interleaved of job.query with fast weights phi [P] interleaved.
  void (*predict)(GroupJob& job, const float* phi, float* outputs);
  /// to[e * W + w] = from[w][e], `count` values each; `to` 64-byte aligned. Null with lanes = units.
  void (*interleave)(const float* const* from, std::ptrdiff_t count, float* to, LaneExtremes& seen) = nullptr;
};

const GroupKernels& scalar_kernels(LaneLayout layout);
const GroupKernels* avx2_kernels(LaneLayout layout);    ///< null when this build has no code for it
const GroupKernels* avx512_kernels(LaneLayout layout);  ///< null when this build has no code for it

}  // namespace shoal::cpu
