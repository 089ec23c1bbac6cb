// SPDX-License-Identifier: Apache-2.0
#include "cuda/device_problem.hpp"

#include <algorithm>

namespace shoal::cuda {

void DeviceProblem::pad(std::span<const float> from, float* to) const {
  std::fill(to, to + size() + rate_count(), 0.0f);
  if (from.empty()) return;
  layout_.pad(from.data(), to);
  const std::span<const float> rates = from.subspan(layout_.packed_size());
  if (rates_are_padded())
    layout_.pad(rates.data(), to + size());
  else
    std::copy(rates.begin(), rates.end(), to + size());
}

void DeviceProblem::pack(const float* from, std::span<float> theta, std::span<float> rates) const {
  layout_.pack(from, theta.data());
  if (rates_are_padded())
    layout_.pack(from + size(), rates.data());
  else
    std::copy_n(from + size(), rates.size(), rates.begin());
}

void DeviceProblem::fetch(Stream& stream, const float* from, std::span<float> theta,
                          std::span<float> rates) const {
  std::vector<float> padded(size() + rate_count());
  stream.fetch(padded.data(), from, padded.size() * sizeof(float));
  pack(padded.data(), theta, rates);
}

}  // namespace shoal::cuda
