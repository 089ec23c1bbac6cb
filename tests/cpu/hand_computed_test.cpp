// SPDX-License-Identifier: Apache-2.0
// Meta-gradients computed by hand: the reference, and the cpu backend at every instruction set in both
// layouts.
#include "support/hand_computed.hpp"

#include <gtest/gtest.h>

#include "support/cpu_contexts.hpp"

namespace shoal::testing {
namespace {

TEST(HandComputed, OnTheReference) {
  expect_hand_computed<double>(Context({.backend = BackendKind::reference}), "reference");
}

TEST(HandComputed, OnTheCpu) {
  for (const LayoutContext& layout : contexts_of_both_layouts({1}))
    expect_hand_computed<float>(layout.context, layout.name);
}

}  // namespace
}  // namespace shoal::testing
