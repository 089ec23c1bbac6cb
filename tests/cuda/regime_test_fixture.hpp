// SPDX-License-Identifier: Apache-2.0
// Tests over random problems in one regime of the cuda backend: its options, and the limits of the problems.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "cuda_under_test.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {

struct Regime {
  const char* name;
  CudaOptions options;
  CaseLimits limits;
};

/// Sets the options of the regime, and puts them and the order of threads back afterwards.
class RegimeTest : public ::testing::TestWithParam<Regime> {
 protected:
  void SetUp() override { cuda_under_test = GetParam().options; }
  void TearDown() override {
    cuda_under_test = {};
    set_thread_order(0);
  }
};

/// Random problems per test; runs under sanitizers and race detectors ask for fewer.
inline const int random_problems = [] {
  const char* requested = std::getenv("SHOAL_TEST_ROUNDS");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return std::max(4, (requested ? std::atoi(requested) : 60) / 3);
#else
  return std::max(4, (requested ? std::atoi(requested) : 1200) / 12);
#endif
}();

}  // namespace shoal::testing
