// SPDX-License-Identifier: Apache-2.0
// The step after the task kernel: the sum over its sets of digits and the update by the outer optimizer. All
// pointers are to device memory. M = P + R is the number of meta-parameters: theta in the device layout, then
// the rates.
#pragma once

#include <cstdint>

#include "kernels/update/optimizer_update.hpp"

namespace shoal::kernels {

/// Inputs that change from one meta-iteration to the next.
struct IterationInputs {
  UpdateScalars<float> scalars;
  std::int64_t first_task = 0;  ///< id of the first task, where tasks are drawn on the device
};

/// Results of a meta-iteration that the host reads.
struct IterationSummary {
  float mean_query_loss_before = 0.0f, mean_query_loss = 0.0f;  ///< over good tasks; NaN when there are none
  std::int32_t good = 0;
};

/// The meta-parameters and the optimizer's state of each, all [M].
struct MetaState {
  float *values = nullptr, *first = nullptr, *second = nullptr;
};

struct UpdateArguments {
  const IterationInputs* inputs = nullptr;
  long long* sums = nullptr;  ///< [sets, 6, sum_count] of the task kernel; zero afterwards
  const std::int32_t* sum_places =
      nullptr;                 ///< [P] places of the parameters in the sums, -1: padding; or null: their own
  std::int64_t sum_count = 0;  ///< P where sum_places is null
  long long* rate_sums = nullptr;  ///< [sets, 6, R]; zero afterwards
  int sets = 0, parameters = 0, rates = 0;
  const std::uint8_t* status = nullptr;  ///< [tasks]
  const float* loss_before = nullptr;    ///< [tasks]
  const float* loss_after = nullptr;     ///< [tasks]
  int tasks = 0;
  MetaState now, next;        ///< `next` is written only if some task is good
  float* gradient = nullptr;  ///< [M] before clipping
  IterationSummary* summary = nullptr;

  // Communication between the blocks of the update's grid:
  long long* loss_digits = nullptr;  ///< [update_blocks, 2, 6]
  float* largest = nullptr;          ///< [update_blocks] magnitude of the gradient
  unsigned* ticket = nullptr;        ///< number of finished blocks; 0 before and after
};

/// Blocks of the update's grid for M meta-parameters.
int update_blocks(int meta_parameters);
const void* meta_update_address();  ///< of the kernel
void launch_meta_update(const UpdateArguments& job, void* stream);

/// to [6, count] = the sum over sets of from [sets, 6, count], for at most 2047 sets of at most 2047 values
/// each. The digits of each set are carried before they are added.
void launch_sum_sets(const long long* from, int sets, std::int64_t count, long long* to, void* stream);

}  // namespace shoal::kernels
