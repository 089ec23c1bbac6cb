// SPDX-License-Identifier: Apache-2.0
#include "kernels/math/philox.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "core/random.hpp"

namespace shoal {
namespace {

std::array<std::uint32_t, 4> words(kernels::PhiloxCounter counter, kernels::PhiloxKey key) {
  const auto out = kernels::philox(counter, key);
  return {out.word[0], out.word[1], out.word[2], out.word[3]};
}

// The known answers that the authors of the generator publish (Random123, kat_vectors).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(words({{0, 0, 0, 0}}, {{0, 0}}),
            (std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(words({{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}, {{0xffffffff, 0xffffffff}}),
            (std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(words({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, {{0xa4093822, 0x299f31d0}}),
            (std::array<std::uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStream, ADrawDependsOnItsPlaceAlone) {
  const RandomStream forward(7, Purpose::train_tasks, 5), backward(7, Purpose::train_tasks, 5);
  std::array<std::uint32_t, 40> drawn;
  for (std::uint32_t e = 0; e < 40; ++e) drawn[e] = forward.bits(e);
  for (std::uint32_t e = 40; e-- > 0;) EXPECT_EQ(backward.bits(e), drawn[e]);
  EXPECT_NE(RandomStream(8, Purpose::train_tasks, 5).bits(0), drawn[0]);
  EXPECT_NE(RandomStream(7, Purpose::evaluation_tasks, 5).bits(0), drawn[0]);
  EXPECT_NE(RandomStream(7, Purpose::train_tasks, 6).bits(0), drawn[0]);
  EXPECT_NE(RandomStream(7 + (std::uint64_t{1} << 32), Purpose::train_tasks, 5).bits(0), drawn[0]);
  EXPECT_NE(RandomStream(7, Purpose::train_tasks, 5 + (std::uint64_t{1} << 32)).bits(0), drawn[0]);
  EXPECT_NE(RandomStream(7, Purpose::train_tasks, 5, 1).bits(0), drawn[0]);
}

TEST(RandomStream, LawsHaveTheirMoments) {
  constexpr int count = 200000;
  const RandomStream random(3, Purpose::train_tasks, 0);
  double uniform = 0.0, normal = 0.0, normal2 = 0.0, normal4 = 0.0, cut2 = 0.0;
  float least = 1.0f, most = 0.0f, furthest = 0.0f;
  for (std::uint32_t e = 0; e < count; ++e) {
    const float u = random.uniform(e), z = random.normal(e), t = random.truncated_normal(e);
    least = std::min(least, u);
    most = std::max(most, u);
    furthest = std::max(furthest, std::fabs(t));
    uniform += u;
    normal += z;
    normal2 += static_cast<double>(z) * z;
    normal4 += static_cast<double>(z) * z * z * z;
    cut2 += static_cast<double>(t) * t;
  }
  const double root = std::sqrt(count);
  EXPECT_GE(least, 0.0f);
  EXPECT_LT(most, 1.0f);
  EXPECT_NEAR(uniform / count, 0.5, 4.0 * 0.2887 / root);
  EXPECT_NEAR(normal / count, 0.0, 4.0 / root);
  EXPECT_NEAR(normal2 / count, 1.0, 4.0 * std::sqrt(2.0) / root);
  EXPECT_NEAR(normal4 / count, 3.0, 4.0 * std::sqrt(96.0) / root);
  EXPECT_LE(furthest, 2.0f);
  EXPECT_NEAR(cut2 / count, 0.7737, 0.01);  // 1 - 4 phi(2) / (2 Phi(2) - 1)
}

TEST(Permutation, IsOneAndDiffersByEpoch) {
  for (const std::int64_t n : {1, 2, 17, 1000}) {
    auto order = permutation(1, Purpose::epoch_order, 3, n);
    EXPECT_EQ(order, permutation(1, Purpose::epoch_order, 3, n));
    if (n > 10) {
      EXPECT_NE(order, permutation(1, Purpose::epoch_order, 4, n));
    }
    std::sort(order.begin(), order.end());
    for (std::int64_t i = 0; i < n; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  }
}

}  // namespace
}  // namespace shoal
