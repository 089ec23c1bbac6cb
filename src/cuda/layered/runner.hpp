// SPDX-License-Identifier: Apache-2.0
// LayeredRunner: the layer-by-layer regime, for models beyond what a team of threads can keep on the chip. A
// chunk of tasks goes through its inner loop, query loss and way back together, one launch per operation of a
// layer; the equations are those of src/cpu/task_group.hpp. Nothing in a chunk depends on what a task's
// numbers are, so that the host never waits: kernels read each task's status and pass over the failed.
#pragma once

#include "cuda/layered/network_pass.hpp"

namespace shoal::cuda {

class LayeredRunner {
 public:
  /// Gives the whole call to the stream, in chunks of at most `budget` bytes. Throws ResourceError where one
  /// task needs more, before anything has been launched. `fast`: who multiplies outside the contract, or
  /// null.
  void run(const LayeredCall& call, std::int64_t budget, Stream& stream, FastProducts* fast);

 private:
  DeviceArray<float> floats_;
  DeviceArray<int> integers_;
  DeviceArray<std::uint8_t> bytes_;
};

}  // namespace shoal::cuda
