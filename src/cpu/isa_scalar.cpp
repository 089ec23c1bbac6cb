// SPDX-License-Identifier: Apache-2.0
#include "cpu/lanes_scalar.hpp"
#include "cpu/task_group.hpp"

namespace shoal::cpu {

const GroupKernels& scalar_kernels() {
  return KernelsOf<scalar::Lanes>::table;
}

}  // namespace shoal::cpu
