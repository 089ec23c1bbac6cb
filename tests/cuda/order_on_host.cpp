// SPDX-License-Identifier: Apache-2.0
#include "cuda_under_test.hpp"
#include "simt/simt.hpp"

void shoal::testing::set_thread_order(int round) {
  simt::set_order(static_cast<simt::Order>(round % 3), static_cast<std::uint64_t>(round));
}
