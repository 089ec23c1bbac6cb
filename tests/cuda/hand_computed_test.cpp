// SPDX-License-Identifier: Apache-2.0
// Meta-gradients computed by hand, in every regime of the cuda backend.
#include "support/hand_computed.hpp"

#include <gtest/gtest.h>

#include "cuda_under_test.hpp"

namespace shoal::testing {
namespace {

TEST(HandComputed, OnCuda) {
  struct Regime {
    const char* name;
    CudaOptions options;
  };
  for (const Regime& regime : {Regime{"warp", {.threads = 32}}, Regime{"block", {.threads = 64}},
                               Regime{"layers", {.layer_by_layer = true}}}) {
    cuda_under_test = regime.options;
    expect_hand_computed<float>(Context({.backend = BackendKind::cuda}), regime.name);
  }
  cuda_under_test = {};
}

}  // namespace
}  // namespace shoal::testing
