// SPDX-License-Identifier: Apache-2.0
// Compiles kernels of the test shapes ahead of time. Two files take half of the shapes each, because their
// kernels take longer to compile than anything else.
#pragma once

#include <array>
#include <utility>

#include "fixed_shapes.hpp"
#include "kernels/fixed/instance.cuh"
#if defined(SHOAL_SIMT)
#include "cuda/fixed/fixed_source.hpp"
#include "simt/compiled_kernels.hpp"
#endif

namespace shoal::testing {

inline constexpr std::size_t first_half_of_shapes = fixed_test_shapes.size() / 2,
                             second_half_of_shapes = fixed_test_shapes.size() - first_half_of_shapes;

template <std::size_t n>
struct TestShapeAt {
  static constexpr kernels::FixedShape shape = fixed_test_shapes[n].shape;
};

/// Instances of the shapes from `first` on.
template <std::size_t first, std::size_t... n>
std::array<kernels::FixedInstance, sizeof...(n)> instances_from(std::index_sequence<n...>) {
  return {kernels::fixed_instance<TestShapeAt<first + n>>()...};
}

/// Lets the stand-in for NVRTC "compile" them, where kernels run on the host.
template <std::size_t first, std::size_t... n>
void offer_from(std::index_sequence<n...>) {
#if defined(SHOAL_SIMT)
  (simt::offer_kernel(cuda::fixed_source(fixed_test_shapes[first + n].shape).kernel,
                      &kernels::fixed_kernel<TestShapeAt<first + n>>),
   ...);
#endif
}

std::array<kernels::FixedInstance, second_half_of_shapes> second_half_of_instances();
void offer_second_half();

}  // namespace shoal::testing
