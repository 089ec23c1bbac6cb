// SPDX-License-Identifier: Apache-2.0
// CudaPlan: how the cuda backend would launch the kernels for a batch. A plan changes speed and no bit.
//
// Example:
//
//   #include <iostream>
//
//   for (const shoal::CudaPlan& plan : learner.cuda_plans(tasks, 90))  // for devices of capability 9.0
//     std::cout << plan.override_text() << ": " << plan.text << '\n';
#pragma once

#include <string>

namespace shoal {

struct CudaPlan {
  /// Whether a kernel runs that was compiled for this shape of problem alone, ahead of time or at run time.
  bool made_for_shape = false;
  int threads = 0;  ///< threads per task; 0 = the model is computed layer by layer
  int rows = 0;     ///< rows of a task that go through the network together
  /// Estimated cycles of a multiprocessor per task. The cost model that chooses plans computes them; they are
  /// not measured.
  double cycles = 0.0;
  std::string text;  ///< the plan in words and numbers

  /// The value of ContextOptions::cuda_plan that asks for this plan: "fixed-32", "64x16", or "layers".
  std::string override_text() const {
    if (made_for_shape) return "fixed-" + std::to_string(threads);
    return threads == 0 ? "layers" : std::to_string(threads) + "x" + std::to_string(rows);
  }
};

}  // namespace shoal
