// SPDX-License-Identifier: Apache-2.0
// The text from which a kernel made for a shape is compiled at run time.
#pragma once

#include "cuda/compiled/kernel_source.hpp"
#include "kernels/fixed/shape.hpp"

namespace shoal::cuda {

KernelSource fixed_source(const kernels::FixedShape& shape);

}  // namespace shoal::cuda
