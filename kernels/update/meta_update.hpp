// SPDX-License-Identifier: Apache-2.0
// What comes after the task kernel: the sum over its sets and the outer optimizer's update. All pointers
// are to device memory; M = P + R counts the meta-parameters, theta in the device layout, then the rates.
#pragma once

#include <cstdint>

#include "kernels/update/optimizer_update.hpp"

namespace shoal::kernels {

/// What changes from one meta-iteration to the next.
struct IterationInputs {
  UpdateScalars<float> scalars;
  std::int64_t first_task = 0;  ///< id of the first task, where tasks are drawn on the device
};

/// What every meta-iteration tells.
struct IterationSummary {
  float mean_query_loss_before = 0.0f, mean_query_loss = 0.0f;  ///< over good tasks; NaN when none is
  std::int32_t good = 0;
};

/// The meta-parameters and what the optimizer keeps of each, all [M].
struct MetaState {
  float *values = nullptr, *first = nullptr, *second = nullptr;
};

struct UpdateArguments {
  const IterationInputs* inputs = nullptr;
  long long* sums = nullptr;       ///< [sets, 6, P] of the task kernel; left at zero
  long long* rate_sums = nullptr;  ///< [sets, 6, R]; left at zero
  int sets = 0, parameters = 0, rates = 0;
  const std::uint8_t* status = nullptr;  ///< [tasks]
  const float* loss_before = nullptr;    ///< [tasks]
  const float* loss_after = nullptr;     ///< [tasks]
  int tasks = 0;
  MetaState now, next;        ///< `next` is written only where a task is good
  float* gradient = nullptr;  ///< [M] before clipping
  IterationSummary* summary = nullptr;

  // The blocks of the update's own grid tell each other:
  long long* loss_digits = nullptr;  ///< [update_blocks, 2, 6]
  float* largest = nullptr;          ///< [update_blocks] magnitude of the gradient
  unsigned* ticket = nullptr;        ///< blocks that are done; 0 before and after
};

/// Blocks of the update's grid for M meta-parameters.
int update_blocks(int meta_parameters);
const void* meta_update_address();  ///< of the kernel
void launch_meta_update(const UpdateArguments& job, void* stream);

/// to [6, count] = the sum over sets of from [sets, 6, count], at most 2047 sets of at most 2047 values each;
/// digits are carried set by set.
void launch_sum_sets(const long long* from, int sets, std::int64_t count, long long* to, void* stream);

}  // namespace shoal::kernels
