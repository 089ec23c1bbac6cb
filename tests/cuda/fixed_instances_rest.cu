// SPDX-License-Identifier: Apache-2.0
// The second half of the test shapes.
#include "fixed_instances.cuh"

namespace shoal::testing {

using SecondHalf = std::make_index_sequence<second_half_of_shapes>;

std::array<kernels::FixedInstance, second_half_of_shapes> second_half_of_instances() {
  return instances_from<first_half_of_shapes>(SecondHalf());
}

void offer_second_half() {
  offer_from<first_half_of_shapes>(SecondHalf());
}

}  // namespace shoal::testing
