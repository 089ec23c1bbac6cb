// SPDX-License-Identifier: Apache-2.0
// The description of the machine and its measured speed.
#include <shoal/machine.hpp>

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(Machine, HasANameMemoryAndAPeak) {
  EXPECT_FALSE(machine_name().empty());
  EXPECT_GT(memory_bytes(), std::uint64_t{1} << 26);
  EXPECT_GT(fma_peak(Isa::scalar), 0.0);
}

TEST(Machine, TheVectorSetsHaveAnInstructionForFma) {
  EXPECT_FALSE(fma_is_emulated(Isa::avx2));
  EXPECT_FALSE(fma_is_emulated(Isa::avx512));
}

}  // namespace
}  // namespace shoal
