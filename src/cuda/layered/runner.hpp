// SPDX-License-Identifier: Apache-2.0
// LayeredRunner: the layer-by-layer regime, for models that are too large for the shared memory of a team of
// threads. A chunk of tasks goes through its inner loop, query loss and backward pass together, one launch
// per operation of a layer; the equations are those of src/cpu/task_group.hpp. The sequence of launches does
// not depend on any number of a task, so that the host never waits: the kernels read the status of each task
// and skip failed ones.
#pragma once

#include "cuda/layered/network_pass.hpp"

namespace shoal::cuda {

class LayeredRunner {
 public:
  /// Submits the whole call to the stream, in chunks of at most `budget` bytes. Throws ResourceError if one
  /// task needs more, before anything has been launched. `fast` computes products outside the numerical
  /// contract; null: the exact kernels compute all of them.
  void run(const LayeredCall& call, std::int64_t budget, Stream& stream, FastProducts* fast);

 private:
  DeviceArray<float> floats_;
  DeviceArray<int> integers_;
  DeviceArray<std::uint8_t> bytes_;
};

}  // namespace shoal::cuda
