// SPDX-License-Identifier: Apache-2.0
// Two meta-gradients of one problem, of two backends or plans, have the same bits in everything they hold.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "support/bits.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {

inline void expect_same_bits(const MetaGradient<float>& got, const MetaGradient<float>& want,
                             const std::string& what) {
  ASSERT_EQ(got.status, want.status) << what;
  ASSERT_EQ(got.failed_step, want.failed_step) << what;
  ASSERT_EQ(bits(got.query_loss_before), bits(want.query_loss_before)) << what;
  ASSERT_EQ(bits(got.query_loss), bits(want.query_loss)) << what;
  ASSERT_EQ(bits(got.fast_weights), bits(want.fast_weights)) << what;
  ASSERT_EQ(bits(got.theta), bits(want.theta)) << what;
  ASSERT_EQ(bits(got.rates), bits(want.rates)) << what;
  ASSERT_EQ(bits({got.mean_query_loss_before, got.mean_query_loss}),
            bits({want.mean_query_loss_before, want.mean_query_loss}))
      << what;
}

}  // namespace shoal::testing
