// SPDX-License-Identifier: Apache-2.0
// Built with -mavx512f -mavx512dq -mavx512vl if the compiler has these options; see isa_avx2.cpp.
#include "cpu/group_job.hpp"

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#include "cpu/group_operations.hpp"
#include "cpu/lanes_avx512.hpp"

namespace shoal::cpu {
const GroupKernels* avx512_kernels(LaneLayout layout) {
  return &kernels_of<avx512::Lanes>(layout);
}
}  // namespace shoal::cpu
#else
namespace shoal::cpu {
const GroupKernels* avx512_kernels(LaneLayout) {
  return nullptr;
}
}  // namespace shoal::cpu
#endif
