// SPDX-License-Identifier: Apache-2.0
#include "cuda_under_test.hpp"

void shoal::testing::set_thread_order(int) {}  // a device has its own order
