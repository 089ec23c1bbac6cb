// SPDX-License-Identifier: Apache-2.0
#include "cuda/device_state.hpp"

#include <algorithm>

namespace shoal::cuda {

void DeviceState::set(Stream& stream, const DeviceProblem& problem, const MetaParameters<float>& parameters,
                      const OptimizerState<float>& state) {
  std::vector<float> packed(parameters.theta), padded(problem.size() + problem.rate_count());
  packed.insert(packed.end(), parameters.rates.begin(), parameters.rates.end());
  const auto upload = [&](DeviceArray<float>& to, std::span<const float> from) {
    problem.pad(from, padded.data());
    to.upload_and_wait(stream, padded);
  };
  upload(values_[current_], packed);
  if (kernels::keeps_first(optimizer_)) upload(first_[current_], state.first);
  if (kernels::keeps_second(optimizer_)) upload(second_[current_], state.second);
}

void DeviceState::get(Stream& stream, const DeviceProblem& problem, MetaParameters<float>& parameters,
                      OptimizerState<float>& state) {
  const std::size_t size = parameters.theta.size(), all = size + parameters.rates.size();
  std::vector<float> values, first, second;
  const auto download = [&](const float* from, std::vector<float>& to) {
    if (!from) return;
    to.resize(all);
    problem.fetch(stream, from, std::span(to).first(size), std::span(to).subspan(size));
  };
  const kernels::MetaState now = at(stream, problem, current_);
  download(now.values, values);
  download(now.first, first);
  download(now.second, second);
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(size);
  std::copy(values.begin(), middle, parameters.theta.begin());
  std::copy(middle, values.end(), parameters.rates.begin());
  if (now.first) state.first = std::move(first);
  if (now.second) state.second = std::move(second);
}

kernels::MetaState DeviceState::at(Stream& stream, const DeviceProblem& problem, int which) {
  const std::size_t all = problem.size() + problem.rate_count();
  return {values_[which].reserve(stream, all),
          kernels::keeps_first(optimizer_) ? first_[which].reserve(stream, all) : nullptr,
          kernels::keeps_second(optimizer_) ? second_[which].reserve(stream, all) : nullptr};
}

}  // namespace shoal::cuda
