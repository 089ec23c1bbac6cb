// SPDX-License-Identifier: Apache-2.0
#include "cuda/layered/call.hpp"

namespace shoal::cuda {

LayeredCall layered_call(kernels::TaskKernel operation, const kernels::TaskArguments& job,
                         const kernels::Network& network, const kernels::InnerOptions& inner,
                         std::span<const std::int64_t> support_row_starts,
                         std::span<const std::int64_t> query_row_starts, std::span<const int> points) {
  return {.operation = operation,
          .network = network,
          .loss = job.loss,
          .inner = inner,
          .support = {job.support, support_row_starts},
          .query = {job.query, query_row_starts},
          .tasks = job.tasks,
          .theta = job.theta,
          .rates = job.rates,
          .rate_count = job.rate_count,
          .status = job.status,
          .failed_step = job.failed_step,
          .loss_before = job.loss_before,
          .loss_after = job.loss_after,
          .fast_weights = job.fast_weights,
          .sums = job.sums,
          .rate_sums = job.rate_sums,
          .points = points,
          .own_parameters = job.own_parameters,
          .outputs = job.outputs};
}

}  // namespace shoal::cuda
