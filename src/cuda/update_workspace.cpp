// SPDX-License-Identifier: Apache-2.0
#include "cuda/update_workspace.hpp"

namespace shoal::cuda {
namespace {

std::size_t words_of_sets(int sets) {
  return static_cast<std::size_t>(sets) * kernels::exact_digits;
}

}  // namespace

kernels::UpdateArguments UpdateWorkspace::prepare(Stream& stream, const DeviceProblem& problem,
                                                  kernels::TaskArguments& job) {
  const std::size_t size = problem.size(), rates = problem.rate_count(), words = words_of_sets(job.sum_sets),
                    sums = static_cast<std::size_t>(job.sum_count);
  const auto blocks = static_cast<std::size_t>(kernels::update_blocks(static_cast<int>(size + rates)));
  job.sums = sums_.reserve(stream, words * sums);
  job.rate_sums = rate_sums_.reserve(stream, words * rates);
  kernels::UpdateArguments update;
  update.inputs = inputs(stream);
  update.sums = job.sums;
  update.rate_sums = job.rate_sums;
  update.sum_places = job.sum_places;
  update.sum_count = job.sum_count;
  update.sets = job.sum_sets;
  update.parameters = static_cast<int>(size);
  update.rates = static_cast<int>(rates);
  update.status = job.status;
  update.loss_before = job.loss_before;
  update.loss_after = job.loss_after;
  update.tasks = job.tasks;
  update.gradient = gradient_.reserve(stream, size + rates);
  update.summary = summary_.reserve(stream, 1);
  update.loss_digits = loss_digits_.reserve(stream, blocks * 2 * kernels::exact_digits);
  update.largest = largest_.reserve(stream, blocks);
  update.ticket = ticket_.reserve(stream, 1);
  return update;
}

void UpdateWorkspace::clear(Stream& stream, const kernels::UpdateArguments& update) {
  const auto zero = [&](long long* sums, std::int64_t entries) {
    const std::size_t words = words_of_sets(update.sets) * static_cast<std::size_t>(entries);
    if (words > 0) stream.fill_zero(sums, words * sizeof(long long));
  };
  zero(update.sums, update.sum_count);
  zero(update.rate_sums, update.rates);
  stream.fill_zero(update.ticket, sizeof(unsigned));
}

}  // namespace shoal::cuda
