// SPDX-License-Identifier: Apache-2.0
// What the task kernels take: all pointers are to device memory.
//
// Parameters travel in the device layout: every matrix row padded to padded(columns) floats, zeros between.
// P counts floats of that layout.
#pragma once

#include <cstdint>

#include "kernels/team_memory.hpp"

namespace shoal::kernels {

/// Support or query rows of all tasks, one after another.
struct RowsView {
  const float* x = nullptr;             ///< [rows, inputs]
  const float* y = nullptr;             ///< [rows, targets]; class labels as numbers
  const float* offset = nullptr;        ///< [rows, outputs] or null
  const std::int64_t* first = nullptr;  ///< [tasks + 1]
  const float* terms = nullptr;         ///< [tasks] divisor of the mean
  const float* scale = nullptr;         ///< [tasks] 1 / terms, 0 for an empty set
};

struct TaskArguments {
  Network network;
  LossOptions loss;
  InnerOptions inner;
  TeamMemory memory;
  TeamWorkspace workspace_layout;
  float* workspace = nullptr;  ///< [blocks, workspace_layout.floats]
  float* fast = nullptr;       ///< [blocks, memory.floats] where fast memory is global; else null

  RowsView support, query;
  const std::int32_t* order = nullptr;  ///< [tasks]
  int tasks = 0;
  const float* theta = nullptr;  ///< [P]
  const float* rates = nullptr;  ///< [R]; rates per parameter in the device layout
  int rate_count = 0;

  std::uint8_t* status = nullptr;       ///< [tasks] in: 1 for bad input; out
  std::int32_t* failed_step = nullptr;  ///< [tasks] in: -1; out
  float* loss_before = nullptr;         ///< [tasks]
  float* loss_after = nullptr;          ///< [tasks]
  float* fast_weights = nullptr;        ///< [tasks, P] or null
  long long* sums = nullptr;            ///< [blocks, 6, P] digits of exact sums (kernels/exact_digits.cuh)
  long long* rate_sums = nullptr;       ///< [blocks, 6, R]

  // evaluate: query losses after `steps` (ascending); loss, status and failed step are [points, tasks]
  const std::int32_t* steps = nullptr;
  int points = 0;

  // predict: outputs of every query row with its task's own parameters
  const float* own_parameters = nullptr;  ///< [tasks, P]
  float* outputs = nullptr;               ///< [rows, outputs]
};

}  // namespace shoal::kernels
