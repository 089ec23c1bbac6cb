// SPDX-License-Identifier: Apache-2.0
// The first half of the test shapes, and all of them together.
#include "fixed_instances.cuh"

#include <algorithm>

namespace shoal::testing {

using FirstHalf = std::make_index_sequence<first_half_of_shapes>;

std::span<const kernels::FixedInstance> fixed_test_instances() {
  static const auto all = [] {
    std::array<kernels::FixedInstance, fixed_test_shapes.size()> both;
    const auto first = instances_from<0>(FirstHalf());
    const auto second = second_half_of_instances();
    std::copy(second.begin(), second.end(), std::copy(first.begin(), first.end(), both.begin()));
    return both;
  }();
  return all;
}

void offer_fixed_kernels() {
  offer_from<0>(FirstHalf());
  offer_second_half();
}

}  // namespace shoal::testing
