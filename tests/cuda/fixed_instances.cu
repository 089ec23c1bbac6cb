// SPDX-License-Identifier: Apache-2.0
// Compiles the kernels of the test shapes ahead of time.
#include <type_traits>
#include <utility>

#include "fixed_shapes.hpp"
#include "kernels/fixed/instance.cuh"
#if defined(SHOAL_SIMT)
#include "cuda/fixed/fixed_source.hpp"
#include "simt/compiled_kernels.hpp"
#endif

namespace shoal::testing {

template <std::size_t n>
struct TestShapeAt {
  static constexpr kernels::FixedShape shape = fixed_test_shapes[n].shape;
};

namespace {

template <std::size_t... n>
auto instances(std::index_sequence<n...>) {
  return std::array{kernels::fixed_instance<TestShapeAt<n>>()...};
}

}  // namespace

std::span<const kernels::FixedInstance> fixed_test_instances() {
  static const auto all = instances(std::make_index_sequence<fixed_test_shapes.size()>{});
  return all;
}

void offer_fixed_kernels() {
#if defined(SHOAL_SIMT)
  const auto offer = []<std::size_t n>(std::integral_constant<std::size_t, n>) {
    simt::offer_kernel(cuda::fixed_source(fixed_test_shapes[n].shape).kernel,
                       &kernels::fixed_kernel<TestShapeAt<n>>);
  };
  [&]<std::size_t... n>(std::index_sequence<n...>) {
    (offer(std::integral_constant<std::size_t, n>{}), ...);
  }
  (std::make_index_sequence<fixed_test_shapes.size()>{});
#endif
}

}  // namespace shoal::testing
