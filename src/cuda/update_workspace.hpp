// SPDX-License-Identifier: Apache-2.0
// UpdateWorkspace: the memory in which the sum over sets and the update (kernels/update/meta_update.hpp)
// work, kept from call to call.
#pragma once

#include "cuda/device_problem.hpp"
#include "kernels/team/task_arguments.hpp"
#include "kernels/update/meta_update.hpp"

namespace shoal::cuda {

class UpdateWorkspace {
 public:
  /// The arguments of the update after the task kernel of `job`, without `now` and `next`. Also sets the
  /// addresses of the sums in `job`.
  kernels::UpdateArguments prepare(Stream& stream, const DeviceProblem& problem, kernels::TaskArguments& job);
  /// Sets digits and ticket to zero, as an update leaves them.
  void clear(Stream& stream, const kernels::UpdateArguments& update);
  /// Where the update reads its inputs.
  kernels::IterationInputs* inputs(Stream& stream) { return inputs_.reserve(stream, 1); }

 private:
  DeviceArray<float> gradient_, largest_;
  DeviceArray<long long> sums_, rate_sums_, loss_digits_;
  DeviceArray<unsigned> ticket_;
  DeviceArray<kernels::IterationInputs> inputs_;
  DeviceArray<kernels::IterationSummary> summary_;
};

}  // namespace shoal::cuda
