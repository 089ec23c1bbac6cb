// SPDX-License-Identifier: Apache-2.0
// The checks that data fit a model and its loss, which are made before anything is computed.
#include "core/batch_checks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "expect_error.hpp"

namespace shoal::testing {
namespace {

const Loss mse, softmax{.kind = LossKind::softmax}, qlike{.kind = LossKind::qlike};

TEST(BatchChecks, ColumnsMustFitTheModel) {
  const ModelSpec model{.inputs = 2, .outputs = 2};
  EXPECT_NO_THROW(check_columns({2, 2, 0}, model, mse));
  EXPECT_NO_THROW(check_columns({2, 2, 2}, model, mse));
  EXPECT_NO_THROW(check_columns({2, 0, 0}, model, softmax));
  EXPECT_NO_THROW(check_columns({2, 1, 0}, model, {.kind = LossKind::gaussian_nll}));
  EXPECT_NO_THROW(check_columns({2, 1, 0}, model, {.kind = LossKind::pinball, .quantiles = {0.1, 0.9}}));
  expect_error<DataError>(
      [&] {
        check_columns({3, 2, 0}, model, mse);
      },
      "tasks have 3 input columns, the model takes 2");
  expect_error<DataError>(
      [&] {
        check_columns({2, 1, 0}, model, mse);
      },
      "loss mse with 1 target columns needs 1 network outputs, the model has 2");
  expect_error<DataError>(
      [&] {
        check_columns({2, 0, 0}, model, mse);
      },
      "loss mse needs numeric targets, the tasks have class labels");
  expect_error<DataError>(
      [&] {
        check_columns({2, 1, 0}, model, softmax);
      },
      "loss softmax needs class labels, the tasks have 1 numeric target columns");
  expect_error<DataError>(
      [&] {
        check_columns({2, 2, 1}, model, mse);
      },
      "tasks have 1 output-offset columns, the model has 2 outputs");
}

TEST(BatchChecks, StepsAreNotNegative) {
  EXPECT_NO_THROW(check_steps(0));
  expect_error<InvalidArgument>([] { check_steps(-2); },
                                "number of adaptation steps must be at least 0, is -2");
}

template <class Real>
BasicTaskBatch<Real> two_targets(std::vector<Real> support_y, std::vector<Real> query_y) {
  return BasicTaskBatch<Real>::own(
      {1, 2, 0}, {std::vector<Real>(support_y.size() / 2), support_y, {}, {}, {0, 1, 2}},
      {std::vector<Real>(query_y.size() / 2), query_y, {}, {}, {0, 1, 3}}, {40, 41});
}

template <class Real>
class TargetsOfQlike : public ::testing::Test {};
using Reals = ::testing::Types<float, double>;
TYPED_TEST_SUITE(TargetsOfQlike, Reals);

TYPED_TEST(TargetsOfQlike, ArePositiveUnlessThereIsAFloor) {
  using Real = TypeParam;
  const ModelSpec model{.inputs = 1, .outputs = 2};
  const Real tiny = std::numeric_limits<Real>::denorm_min();
  EXPECT_NO_THROW(check_batch(two_targets<Real>({1, tiny, 2, 3}, {1, 1, 1, 1, 1, 1}), model, qlike));
  const auto zero = two_targets<Real>({1, 1, 2, 3}, {1, 1, 1, 1, 1, 0});
  expect_error<DataError>([&] { check_batch(zero, model, qlike); },
                          "query target of task 1 (id 41), row 1, column 1 (query_y): 0 is not positive; "
                          "loss qlike needs targets above 0, or a loss.floor");
  EXPECT_NO_THROW(check_batch(zero, model, Loss{.kind = LossKind::qlike, .floor = 0.01}));
  EXPECT_NO_THROW(check_batch(zero, model, mse));
  expect_error<DataError>(
      [&] {
        check_batch(two_targets<Real>({1, -1, 2, 3}, {1, 1, 1, 1, 1, 1}), model, qlike);
      },
      "support target of task 0 (id 40), row 0, column 1 (support_y): -1 is not positive; loss qlike needs "
      "targets above 0, or a loss.floor");
}

TYPED_TEST(TargetsOfQlike, MayBeNonFinite) {
  using Real = TypeParam;
  const ModelSpec model{.inputs = 1, .outputs = 2};
  const Real inf = std::numeric_limits<Real>::infinity(), nan = std::numeric_limits<Real>::quiet_NaN();
  EXPECT_NO_THROW(check_batch(two_targets<Real>({-inf, nan, inf, 3}, {1, 1, 1, 1, 1, 1}), model, qlike));
}

TYPED_TEST(TargetsOfQlike, AndThoseOfBceAreProbabilities) {
  using Real = TypeParam;
  const ModelSpec model{.inputs = 1, .outputs = 2};
  const Loss bce{.kind = LossKind::bce};
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  EXPECT_NO_THROW(check_batch(two_targets<Real>({0, 1, nan, Real(0.5)}, {1, 1, 1, 1, 1, 0}), model, bce));
  const std::string rule =
      " is not between 0 and 1; loss bce needs 1 for the positive class and 0 for the other, or a "
      "probability";
  for (const auto& [bad, text] :
       {std::pair(Real(2), "2"), std::pair(Real(-1), "-1"), std::pair(Real(1.5), "1.5")})
    expect_error<DataError>(
        [&] {
          check_batch(two_targets<Real>({1, 0, 1, bad}, {1, 1, 1, 1, 1, 0}), model, bce);
        },
        "support target of task 1 (id 41), row 0, column 1 (support_y): " + std::string(text) + rule);
}

TEST(BatchChecks, LabelsAreBelowTheNumberOfOutputs) {
  const TaskBatch batch =
      TaskBatch::own({1, 0, 0}, {{1, 2}, {}, {}, {0, 3}, {0, 2}}, {{1}, {}, {}, {2}, {0, 1}}, {7});
  EXPECT_NO_THROW(check_batch(batch, {.inputs = 1, .outputs = 4}, softmax));
  expect_error<DataError>([&] { check_batch(batch, {.inputs = 1, .outputs = 3}, softmax); },
                          "task batch: support label of task 0 (id 7), row 1 (support_y) is 3, but there are "
                          "only 3 classes: labels are 0 to 2");
}

TEST(BatchChecks, InputsOfAPrediction) {
  const std::vector<double> x = {1, 2, 3, 4}, offset = {1, 2};
  using Ints = std::vector<std::int64_t>;
  const auto check = [&](const Ints& offsets, TaskColumns columns,
                         std::span<const double> output_offset = {}) {
    check_inputs<double>(columns, {x, {}, {}, output_offset, offsets}, 2);
  };
  EXPECT_NO_THROW(check({0, 1, 2}, {2, 1, 0}));
  EXPECT_NO_THROW(check({0, 0, 2}, {2, 1, 1}, offset));
  expect_error<DataError>(
      [&] {
        check({}, {2, 1, 0});
      },
      "predict: row starts have 0 entries for 2 adapted models (one more than models)");
  expect_error<DataError>([&] { check({1, 1, 2}, {2, 1, 0}); }, "predict: row starts begin at 1, not 0");
  expect_error<DataError>([&] { check({0, 3, 2}, {2, 1, 0}); }, "predict: row starts fall at task 1");
  expect_error<DataError>(
      [&] {
        check({0, 1, 3}, {2, 1, 0});
      },
      "predict: x has 4 values, but the row starts say 3 rows of 2");
  expect_error<DataError>(
      [&] {
        check({0, 1, 2}, {2, 1, 1});
      },
      "predict: output offset has 0 values, but the row starts say 2 rows of 1");
}

/// Borrowed arrays are the caller's: what was changed in place since the batch was made is refused.
TEST(BatchChecks, ArraysMayHaveChanged) {
  std::vector<float> x = {1, 2, 3, 4}, y = {1, 2, 3, 4};
  std::vector<std::int64_t> labels = {0, 1, 0, 1}, starts = {0, 2, 4}, ids = {1, 2};
  const TaskSet<float> numbers{.x = x, .y = y, .row_starts = starts};
  const TaskSet<float> classes{.x = x, .labels = labels, .row_starts = starts};
  const auto batch = TaskBatch::borrow({1, 1, 0}, numbers, numbers, ids);
  const auto labelled = TaskBatch::borrow({1, 0, 0}, classes, classes, ids);
  const ModelSpec model{.inputs = 1, .outputs = 1}, two{.inputs = 1, .outputs = 2};
  EXPECT_NO_THROW(check_fit(batch, model, mse));
  EXPECT_NO_THROW(check_fit(labelled, two, softmax));
  for (const std::vector<std::int64_t>& changed :
       {std::vector<std::int64_t>{0, 2, 5}, {0, 2, 3}, {1, 2, 4}, {0, 5, 4}, {0, -1, 4}}) {
    std::copy(changed.begin(), changed.end(), starts.begin());
    expect_error<DataError>([&] { check_fit(batch, model, mse); },
                            "task batch: the row starts of support were changed after the batch was made");
  }
  starts = {0, 2, 4};
  labels[3] = -1;
  expect_error<DataError>(
      [&] { check_fit(labelled, two, softmax); },
      "task batch: support label of task 1 (id 2), row 1 (support_y) is -1, but there are "
      "only 2 classes: labels are 0 to 1");
}

}  // namespace
}  // namespace shoal::testing
