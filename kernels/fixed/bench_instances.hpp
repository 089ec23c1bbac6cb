// SPDX-License-Identifier: Apache-2.0
// Kernels for the shapes of the benchmarks, compiled ahead of time for the lanes that an H100 takes. They run
// where nothing can be compiled at run time, and static evidence counts their machine code (bench/static).
#pragma once

#include <span>

#include "kernels/fixed/instance.hpp"

namespace shoal::kernels {

std::span<const FixedInstance> bench_instances();

}  // namespace shoal::kernels
