// SPDX-License-Identifier: Apache-2.0
// How the tests of the cuda backend control it.
#pragma once

#include "cuda/cuda_backend.hpp"

namespace shoal::testing {

/// Options of cuda contexts made from now on.
extern CudaOptions cuda_under_test;

/// Sets another order of blocks and threads, if the device layer can choose one (kernels on the host).
void set_thread_order(int round);

}  // namespace shoal::testing
