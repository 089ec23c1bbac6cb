// SPDX-License-Identifier: Apache-2.0
// The cpu backend: fp32 under the numerical contract, SIMD lanes = tasks, threads over groups of tasks.
#pragma once

#include <memory>

#include <shoal/context.hpp>

#include "core/backend.hpp"

namespace shoal {

/// Reads threads (>= 1), isa (resolved and available) and cpu_plan of `options`. Throws InvalidArgument when
/// cpu_plan is no plan.
std::unique_ptr<Backend<float>> make_cpu_backend(const ContextOptions& options);
/// Whether this build has code for the instruction set and this machine can run it.
bool cpu_has_isa(Isa isa);

}  // namespace shoal
