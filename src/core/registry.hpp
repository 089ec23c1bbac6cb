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

/// The makers take the options of a context with `threads` and `isa` resolved: at least 1, and not automatic.
struct BackendEntry {
  BackendKind kind;
  BackendReport (*report)(const ContextOptions& options);  ///< of the device that they name; never throws
  bool (*has_isa)(Isa isa);                                ///< whether it runs with the set here
  /// Null when it has no float form, or no double form.
  std::unique_ptr<Backend<float>> (*make_float)(const ContextOptions& options) = nullptr;
  std::unique_ptr<Backend<double>> (*make_double)(const ContextOptions& options) = nullptr;
  bool has_fast_math = false;  ///< make_float takes Math::fast
  /// See MetaLearner::cuda_plans; null when there is nothing to plan.
  std::vector<CudaPlan> (*cuda_plans)(const Problem&, const TaskBatch&, int capability) = nullptr;
};

/// Every backend of this build; defined in src/backends.cpp.
std::span<const BackendEntry> backend_entries();

}  // namespace shoal
