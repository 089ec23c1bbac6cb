// SPDX-License-Identifier: Apache-2.0
// Built with -mavx2 -mfma if the compiler has these options. Nothing here may run before cpu_has_isa() has
// confirmed that the machine has the instructions.
#include "cpu/group_job.hpp"

#if defined(__AVX2__) && defined(__FMA__)
#include "cpu/group_operations.hpp"
#include "cpu/lanes_avx2.hpp"

namespace shoal::cpu {
const GroupKernels* avx2_kernels(LaneLayout layout) {
  return &kernels_of<avx2::Lanes>(layout);
}
}  // namespace shoal::cpu
#else
namespace shoal::cpu {
const GroupKernels* avx2_kernels(LaneLayout) {
  return nullptr;
}
}  // namespace shoal::cpu
#endif
