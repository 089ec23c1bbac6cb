// SPDX-License-Identifier: Apache-2.0
// DeviceState: two copies of the meta-parameters and the optimizer state on the device. An update reads one
// and writes the other; swap() makes the written copy the current one.
#pragma once

#include "cuda/device_problem.hpp"
#include "kernels/update/meta_update.hpp"

namespace shoal::cuda {

class DeviceState {
 public:
  explicit DeviceState(OptimizerKind optimizer) : optimizer_(optimizer) {}

  // Both functions wait for the stream. get() changes nothing if it throws.
  void set(Stream& stream, const DeviceProblem& problem, const MetaParameters<float>& parameters,
           const OptimizerState<float>& state);
  void get(Stream& stream, const DeviceProblem& problem, MetaParameters<float>& parameters,
           OptimizerState<float>& state);

  /// Index of the current copy.
  int current() const { return current_; }
  void swap() noexcept { current_ = 1 - current_; }
  kernels::MetaState at(Stream& stream, const DeviceProblem& problem, int which);

 private:
  const OptimizerKind optimizer_;
  DeviceArray<float> values_[2], first_[2], second_[2];  ///< [P + R]
  int current_ = 0;
};

}  // namespace shoal::cuda
