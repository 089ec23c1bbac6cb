// SPDX-License-Identifier: Apache-2.0
// Launches the task kernel, for host code.
#pragma once

#include "kernels/team/task_arguments.hpp"

namespace shoal::kernels {

/// `blocks` of `threads` threads and `shared_bytes` of dynamic shared memory each.
struct TeamLaunch {
  int blocks = 0, threads = 0;
  std::int64_t shared_bytes = 0;
};

/// Starts the task kernel on `stream` (a cudaStream_t). Errors are those of the launch: see Stream::check().
void launch_tasks(const TaskArguments& job, const TeamLaunch& grid, void* stream);
/// The address of the kernel, for queries of occupancy and attributes.
const void* task_kernel_address();

}  // namespace shoal::kernels
