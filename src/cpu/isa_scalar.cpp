// SPDX-License-Identifier: Apache-2.0
#include "cpu/group_operations.hpp"
#include "cpu/lanes_scalar.hpp"

namespace shoal::cpu {

const GroupKernels& scalar_kernels(LaneLayout layout) {
  return kernels_of<scalar::Lanes>(layout);
}

}  // namespace shoal::cpu
