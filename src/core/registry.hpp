// SPDX-License-Identifier: Apache-2.0
// The registry of backends. The seam knows none of them: src/backends.cpp, above every backend, holds the
// table.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <shoal/context.hpp>
#include <shoal/cuda_plan.hpp>

#include "core/backend.hpp"

namespace shoal {

struct BackendEntry {
  BackendKind kind;
  BackendReport (*report)();                                            ///< never throws
  bool (*has_isa)(Isa isa);                                             ///< whether it runs with the set here
  std::unique_ptr<Backend<float>> (*make_float)(int threads, Isa isa);  ///< null when it has no float form
  std::unique_ptr<Backend<double>> (*make_double)(int threads, Isa isa);  ///< null when it has no double form
  std::unique_ptr<Backend<float>> (*make_fast)() = nullptr;               ///< null when it has no fast math
  /// See MetaLearner::cuda_plans; null when there is nothing to plan.
  std::vector<CudaPlan> (*cuda_plans)(const Problem&, const TaskBatch&, int capability) = nullptr;
};

/// Every backend of this build; defined in src/backends.cpp.
std::span<const BackendEntry> backend_entries();

}  // namespace shoal
