// SPDX-License-Identifier: Apache-2.0
// FixedInstance: a kernel made for a shape that was compiled ahead of time.
#pragma once

#include "kernels/fixed/shape.hpp"
#include "kernels/team/task_kernels.hpp"

namespace shoal::kernels {

struct FixedInstance {
  FixedShape shape;
  const void* kernel = nullptr;  ///< its address, for queries of occupancy and attributes
  void (*launch)(const TaskArguments& job, const TeamLaunch& grid, void* stream) = nullptr;
};

}  // namespace shoal::kernels
