// SPDX-License-Identifier: Apache-2.0
// The default behaviour of a task source.
#include <shoal/task_source.hpp>

#include <gtest/gtest.h>

#include <cmath>

#include <shoal/error.hpp>

#include "expect_error.hpp"
#include "quadratic_tasks.hpp"

namespace shoal::testing {
namespace {

class ThreeClasses final : public QuadraticSource {
 public:
  int classes() const override { return 3; }
};

TEST(TaskSource, LabelsMustBeBelowTheOutputsOfTheModel) {
  EXPECT_NO_THROW(ThreeClasses().require_labels_below(3));
  expect_error<DataError>([] { ThreeClasses().require_labels_below(2); },
                          "the tasks have 3 classes, the model has 2 outputs");
}

TEST(TaskSource, HasNoScalingNoNamesAndWidensItsBatches) {
  const QuadraticSource source;
  EXPECT_FALSE(source.target_units().scale());
  EXPECT_EQ(source.key_of(0), "");
  EXPECT_TRUE(source.ids(Phase::train).empty());
  const TaskBatch tasks = source.sample(Phase::train, 2, 5);
  const TaskBatch64 wide = source.sample64(Phase::train, 2, 5);
  ASSERT_EQ(wide.query().x.size(), tasks.query().x.size());
  for (std::size_t i = 0; i < tasks.query().y.size(); ++i) {
    const float y = tasks.query().y[i];
    EXPECT_TRUE(wide.query().y[i] == static_cast<double>(y) || std::isnan(y));
  }
}

}  // namespace
}  // namespace shoal::testing
