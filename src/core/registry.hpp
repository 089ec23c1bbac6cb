// SPDX-License-Identifier: Apache-2.0
// The registry of backends. The seam does not know them: src/backends.cpp, above every backend, has the
// table.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <shoal/context.hpp>
#include <shoal/cuda_plan.hpp>

#include "core/backend.hpp"

namespace shoal {

/// The make_ functions get the options of a context after `threads` and `isa` have been resolved: at least 1,
/// and not automatic.
struct BackendEntry {
  BackendKind kind;
  /// reports on the device that the options name; never throws
  BackendReport (*report)(const ContextOptions& options);
  bool (*has_isa)(Isa isa);  ///< whether the backend can run with the instruction set on this machine
  /// Null when the backend does not compute in this precision.
  std::unique_ptr<Backend<float>> (*make_float)(const ContextOptions& options) = nullptr;
  std::unique_ptr<Backend<double>> (*make_double)(const ContextOptions& options) = nullptr;
  bool has_fast_math = false;  ///< make_float accepts Math::fast
  /// See MetaLearner::cuda_plans; null when the backend has no such plans.
  std::vector<CudaPlan> (*cuda_plans)(const Problem&, const TaskBatch&, int capability) = nullptr;
  /// Fills kernel_compiler and kernel_cache of the report, which takes longer than the rest; null when the
  /// backend compiles nothing.
  void (*report_compiler)(const ContextOptions& options, BackendReport& report) = nullptr;
};

/// Every backend of this build; defined in src/backends.cpp.
std::span<const BackendEntry> backend_entries();

}  // namespace shoal
