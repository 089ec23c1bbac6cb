// SPDX-License-Identifier: Apache-2.0
// Tails of losses, by hand.
#include "report/step_losses.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace shoal::report {
namespace {

TEST(step_losses, tail_by_hand) {
  std::vector<double> losses;
  for (int i = 1; i <= 40; ++i) losses.push_back(41.0 - i);  // 40 .. 1
  const StepFacts facts = tail_of(losses);
  EXPECT_EQ(facts.tasks, 40);
  EXPECT_DOUBLE_EQ(facts.mean, 20.5);
  EXPECT_DOUBLE_EQ(facts.median, 20.5);
  EXPECT_DOUBLE_EQ(facts.p95, 1.0 + 0.95 * 39.0);  // type 7
  EXPECT_DOUBLE_EQ(facts.worst, 39.5);             // 5 % of 40 are two
  EXPECT_DOUBLE_EQ(tail_of({3.0}).worst, 3.0);     // at least one
}

TEST(step_losses, steps_are_compared_on_tasks_that_are_good_after_all_of_them) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const StepLosses<double> losses{{0, 5},
                                  {1.0, 2.0, 9.0, 0.5, 1.0, nan},
                                  {TaskStatus::good, TaskStatus::good, TaskStatus::good, TaskStatus::good,
                                   TaskStatus::good, TaskStatus::moved_too_far},
                                  {-1, -1, -1, -1, -1, 3}};
  const std::vector<StepFacts> facts = step_facts(losses, 3);
  ASSERT_EQ(facts.size(), 2U);
  EXPECT_DOUBLE_EQ(facts[0].mean, 1.5);  // without the task that fails later
  EXPECT_EQ(facts[0].failed, 0);
  EXPECT_DOUBLE_EQ(facts[1].mean, 0.75);
  EXPECT_EQ(facts[1].failed, 1);
  EXPECT_EQ(facts[1].steps, 5);
  EXPECT_EQ(facts[1].tasks, 2);
}

}  // namespace
}  // namespace shoal::report
