// SPDX-License-Identifier: Apache-2.0
// CudaPlan: how the cuda backend would launch a batch. Plans change speed and no bit.
#pragma once

#include <string>

namespace shoal {

struct CudaPlan {
  int threads = 0;  ///< that work on a task; 0: layer by layer
  int rows = 0;     ///< of a task that go through the network together
  /// Cycles of a multiprocessor for a task by the model that chooses plans: a model, not measured.
  double cycles = 0.0;
  std::string text;  ///< the plan in words and numbers

  /// What ContextOptions::cuda_plan takes to have this plan: "64x16", or "layers".
  std::string override_text() const {
    return threads == 0 ? "layers" : std::to_string(threads) + "x" + std::to_string(rows);
  }
};

}  // namespace shoal
