// SPDX-License-Identifier: Apache-2.0
// Names, shapes and offsets of the tensors of a layout.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <vector>

#include <shoal/model.hpp>

namespace shoal::testing {

inline void expect_tensors(std::span<const TensorSpec> got, const std::vector<TensorSpec>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t t = 0; t < wanted.size(); ++t)
    EXPECT_EQ(got[t], wanted[t]) << got[t].name << " at " << got[t].offset << ", wanted " << wanted[t].name;
}

}  // namespace shoal::testing
