// SPDX-License-Identifier: Apache-2.0
#include "cuda/device_state.hpp"

#include <algorithm>

namespace shoal::cuda {

void DeviceState::set(Stream& stream, const DeviceProblem& problem, const MetaParameters<float>& parameters,
                      const OptimizerState<float>& state) {
  std::vector<float> packed(parameters.theta), padded(problem.size() + problem.rate_count());
  packed.insert(packed.end(), parameters.rates.begin(), parameters.rates.end());
  const auto put = [&](DeviceArray<float>& to, std::span<const float> from) {
    problem.pad(from, padded.data());
    to.take_now(stream, padded);
  };
  put(values_[turn_], packed);
  if (kernels::keeps_first(optimizer_)) put(first_[turn_], state.first);
  if (kernels::keeps_second(optimizer_)) put(second_[turn_], state.second);
}

void DeviceState::get(Stream& stream, const DeviceProblem& problem, MetaParameters<float>& parameters,
                      OptimizerState<float>& state) {
  const std::size_t size = parameters.theta.size(), all = size + parameters.rates.size();
  std::vector<float> values, first, second;
  const auto take = [&](const float* from, std::vector<float>& to) {
    if (!from) return;
    to.resize(all);
    problem.fetch(stream, from, std::span(to).first(size), std::span(to).subspan(size));
  };
  const kernels::MetaState now = at(stream, problem, turn_);
  take(now.values, values);
  take(now.first, first);
  take(now.second, second);
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(size);
  std::copy(values.begin(), middle, parameters.theta.begin());
  std::copy(middle, values.end(), parameters.rates.begin());
  if (now.first) state.first = std::move(first);
  if (now.second) state.second = std::move(second);
}

kernels::MetaState DeviceState::at(Stream& stream, const DeviceProblem& problem, int which) {
  const std::size_t all = problem.size() + problem.rate_count();
  return {values_[which].room_for(stream, all),
          kernels::keeps_first(optimizer_) ? first_[which].room_for(stream, all) : nullptr,
          kernels::keeps_second(optimizer_) ? second_[which].room_for(stream, all) : nullptr};
}

}  // namespace shoal::cuda
