// SPDX-License-Identifier: Apache-2.0
// The loss of every row, for every loss that there is, against its definition.
#include "core/row_losses.hpp"

#include <gtest/gtest.h>

#include "support/loss_cases.hpp"

namespace shoal::testing {
namespace {

template <LossKind kind>
void expect_by_definition() {
  using Case = LossCase<kind>;
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  for (const int columns : {1, 3}) {
    const Loss loss = Case::draw(random);
    const int outputs = Case::outputs(loss, columns), targets = Case::labels ? 1 : columns;
    std::vector<double> target, output, expected;
    for (int row = 0; row < 20; ++row) {
      std::vector<double> y, o;
      for (int t = 0; t < targets; ++t)
        y.push_back(Case::labels ? row % outputs : Case::target(random, normal(random)));
      for (int j = 0; j < outputs; ++j) o.push_back(2.0 * normal(random));
      expected.push_back(Case::terms(loss, o, y) / Case::mean_over(targets, outputs));
      target.insert(target.end(), y.begin(), y.end());
      output.insert(output.end(), o.begin(), o.end());
    }
    const std::vector<double> losses = row_losses(loss, targets, outputs, target, output);
    ASSERT_EQ(losses.size(), expected.size());
    for (std::size_t row = 0; row < losses.size(); ++row)
      EXPECT_NEAR(losses[row], expected[row], 1e-12 * std::max(1.0, std::abs(expected[row])))
          << to_string(kind) << ", row " << row;
  }
}

template <LossKind... kinds>
void expect_all(KindList<LossKind, kinds...>) {
  (expect_by_definition<kinds>(), ...);
}

TEST(RowLosses, AreThoseOfTheDefinitions) {
  expect_all(LossKinds{});
}

}  // namespace
}  // namespace shoal::testing
