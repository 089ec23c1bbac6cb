// SPDX-License-Identifier: Apache-2.0
// The table of an evaluation: quantiles against a definition by counting, summaries by hand, and independence
// of the order.
#include <shoal/evaluation.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "expect_error.hpp"

namespace shoal::testing {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// The value with `rank` values before it when sorted, found by counting.
double order_statistic(const std::vector<double>& values, std::size_t rank) {
  for (const double candidate : values) {
    std::size_t below = 0, equal = 0;
    for (const double value : values) {
      below += value < candidate;
      equal += value == candidate;
    }
    if (below <= rank && rank < below + equal) return candidate;
  }
  return nan;
}

TEST(Quantile, IsTypeSeven) {
  EXPECT_EQ(quantile({4, 1, 3, 2}, 0.25), 1.75);
  EXPECT_EQ(quantile({4, 1, 3, 2}, 0.5), 2.5);
  EXPECT_EQ(quantile({7}, 0.999), 7.0);
  EXPECT_EQ(quantile({2, 9}, 0.0), 2.0);
  EXPECT_EQ(quantile({2, 9}, 1.0), 9.0);
  EXPECT_TRUE(std::isnan(quantile({}, 0.5)));
  expect_error<InvalidArgument>([] { quantile({1}, 1.5); }, "quantile: 1.500000 is not in [0, 1]");
  EXPECT_THROW(quantile({1}, nan), InvalidArgument);
}

TEST(Quantile, AgreesWithCountingOnRandomValues) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> values(1 + random() % 60);
    for (double& value : values) value = static_cast<double>(random() % 23) / 7.0;  // with ties
    for (const double q : {0.0, 0.1, 0.5, 0.75, 0.99, 0.999, 1.0}) {
      const long double place = static_cast<long double>(q) * (values.size() - 1);
      const auto below = static_cast<std::size_t>(std::floor(place));
      const double low = order_statistic(values, below);
      const double high = order_statistic(values, std::min(below + 1, values.size() - 1));
      const double wanted = static_cast<double>(low + (place - std::floor(place)) * (high - low));
      EXPECT_NEAR(quantile(values, q), wanted, 1e-12);
    }
  }
}

TEST(Summarize, CountsGoodAndBadTasks) {
  StepLosses<float> losses;
  losses.steps = {0, 5};
  const float bad = std::numeric_limits<float>::quiet_NaN();
  losses.loss = {4, 1, 3, 2, bad, 6, bad, bad};
  losses.status = {TaskStatus::good,
                   TaskStatus::good,
                   TaskStatus::good,
                   TaskStatus::good,
                   TaskStatus::moved_too_far,
                   TaskStatus::good,
                   TaskStatus::non_finite_inner,
                   TaskStatus::non_finite_input};
  losses.failed_step = {-1, -1, -1, -1, 3, -1, 4, -1};
  const std::vector<std::int64_t> ids = {30, 10, 20, 5};
  const auto table = summarize(losses, ids);
  ASSERT_EQ(table.size(), 2u);
  EXPECT_EQ(table[0].steps, 0);
  EXPECT_EQ(table[0].tasks, 4);
  EXPECT_EQ(table[0].good, 4);
  EXPECT_EQ(table[0].mean, 2.5);
  EXPECT_NEAR(table[0].half_width, 3.1824463052842624 * std::sqrt(5.0 / 3.0) / 2.0, 1e-9)
      << "Student's t of 3 degrees of freedom";
  EXPECT_EQ(table[0].median, 2.5);
  EXPECT_NEAR(table[0].q99, 3.97, 1e-12);
  EXPECT_NEAR(table[0].q999, 3.997, 1e-12);
  EXPECT_EQ(table[0].divergence_rate, 0.0);
  EXPECT_TRUE(table[0].failures.empty());

  EXPECT_EQ(table[1].steps, 5);
  EXPECT_EQ(table[1].good, 1);
  EXPECT_EQ(table[1].mean, 6.0);
  EXPECT_EQ(table[1].median, 6.0);
  EXPECT_TRUE(std::isnan(table[1].half_width)) << "one task has no spread";
  EXPECT_EQ(table[1].divergence_rate, 0.75);
  ASSERT_EQ(table[1].failures.size(), 3u);
  const std::int64_t failed_ids[] = {5, 20, 30};
  const std::int32_t failed_steps[] = {-1, 4, 3};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(table[1].failures[i].id, failed_ids[i]);
    EXPECT_EQ(table[1].failures[i].step, failed_steps[i]);
  }
  EXPECT_EQ(table[1].failures[2].status, TaskStatus::moved_too_far);
}

TEST(Summarize, HasNoMeanWithoutGoodTasks) {
  StepLosses<double> losses{{1}, {nan}, {TaskStatus::non_finite_outer}, {1}};
  const auto table = summarize(losses, std::vector<std::int64_t>{9});
  EXPECT_EQ(table[0].good, 0);
  EXPECT_TRUE(std::isnan(table[0].mean));
  EXPECT_TRUE(std::isnan(table[0].median));
  EXPECT_EQ(table[0].divergence_rate, 1.0);
}

TEST(Summarize, GivesTheSameBitsInAnyOrderOfTasks) {
  std::mt19937_64 random(6);
  std::vector<std::size_t> order(500);
  std::vector<double> loss;
  for (std::size_t t = 0; t < order.size(); ++t) {
    order[t] = t;
    loss.push_back(std::ldexp(1.0 + static_cast<double>(random() % 1000003) / 7.0,
                              static_cast<int>(random() % 40) - 20));
  }
  std::vector<std::uint64_t> first;
  for (int round = 0; round < 5; ++round) {
    StepLosses<double> losses{{0}, {}, {}, {}};
    std::vector<std::int64_t> ids;
    for (const std::size_t t : order) {
      ids.push_back(static_cast<std::int64_t>(t) * 3);
      losses.loss.push_back(loss[t]);
      losses.status.push_back(TaskStatus::good);
      losses.failed_step.push_back(-1);
    }
    const StepSummary s = summarize(losses, ids)[0];
    std::vector<std::uint64_t> bits;
    for (const double value : {s.mean, s.half_width, s.median, s.q99, s.q999})
      bits.push_back(std::bit_cast<std::uint64_t>(value));
    if (round == 0) first = bits;
    EXPECT_EQ(bits, first);
    std::shuffle(order.begin(), order.end(), random);
  }
}

}  // namespace
}  // namespace shoal::testing
