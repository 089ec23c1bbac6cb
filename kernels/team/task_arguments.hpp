// SPDX-License-Identifier: Apache-2.0
// Arguments of the task kernel. All pointers are to device memory.
//
// Parameters are in the padded layout of the device: every row of a matrix has padded(columns) floats, with
// zeros in the padding. P counts the floats of this layout.
#pragma once

#include <cstdint>

#include "kernels/team/memory.hpp"
#include "kernels/team/width.hpp"

namespace shoal::kernels {

inline constexpr int warp_threads = 32;
/// Registers that a thread of the task kernel may have (__launch_bounds__, kernels/team/task_kernels.cu).
inline constexpr int most_registers = 255;

/// The operation to do on every task.
enum class TaskKernel : int { meta_gradient, adapt, evaluate, predict };

struct TaskArguments {
  TaskKernel kernel = TaskKernel::meta_gradient;
  Network network;
  const TeamWidth* widths = nullptr;  ///< [layers + 1] widths of the inputs and of every layer's outputs
  LossOptions loss;
  InnerOptions inner;
  TeamMemory memory;
  TeamWorkspace workspace_layout;
  int team_threads = 32;       ///< threads of a team: a warp, or the whole block
  float* workspace = nullptr;  ///< [teams of the grid, workspace_layout.floats]

  RowsView support, query;
  const std::int32_t* order = nullptr;  ///< [tasks]
  int tasks = 0;
  const float* theta = nullptr;  ///< [P]
  const float* rates = nullptr;  ///< [R]; rates per parameter are in the padded layout
  int rate_count = 0;

  std::uint8_t* status = nullptr;       ///< [tasks] in: 1 for bad input; out
  std::int32_t* failed_step = nullptr;  ///< [tasks] out, -1 for none
  float* loss_before = nullptr;         ///< [tasks]
  float* loss_after = nullptr;          ///< [tasks]
  float* fast_weights = nullptr;        ///< [tasks, P] or null
  int sum_sets = 1;                     ///< tasks take the sets in turn, at most 2047 tasks per set
  long long* sums = nullptr;  ///< [sum_sets, 6, P] digits of exact sums (kernels/device/exact_digits.cuh)
  long long* rate_sums = nullptr;  ///< [sum_sets, 6, R]
  // A kernel made for a shape orders its sums otherwise: sums is then [sum_sets, 6, sum_count].
  const std::int32_t* sum_places =
      nullptr;                 ///< [P] places of the parameters in the sums, -1: padding; or null: their own
  std::int64_t sum_count = 0;  ///< P where sum_places is null

  // For evaluate: query losses are computed after `steps` (ascending) inner steps; loss, status and failed
  // step are then [points, tasks].
  const std::int32_t* steps = nullptr;
  int points = 0;

  // For predict: outputs of every query row with its task's own parameters.
  const float* own_parameters = nullptr;  ///< [tasks, P]
  float* outputs = nullptr;               ///< [rows, outputs]
};

}  // namespace shoal::kernels
