// SPDX-License-Identifier: Apache-2.0
// The fp32 losses against their definitions in double: terms, gradient by differences of the terms, curvature
// by differences of the gradient.
#include "kernels/math/losses.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/loss_options.hpp"
#include "kernels/math/kind_traits.hpp"
#include "support/loss_cases.hpp"
#include "support/typed_kinds.hpp"

namespace shoal::kernels {
namespace {

using testing::LossCase;

/// `size` draws, rounded to floats.
std::vector<double> draws(std::mt19937_64& random, int size) {
  std::vector<double> values;
  for (int i = 0; i < size; ++i) values.push_back(testing::single(testing::normal(random)));
  return values;
}
std::vector<float> floats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}
/// values + factor direction
std::vector<double> moved(std::vector<double> values, double factor, const std::vector<double>& direction) {
  for (std::size_t j = 0; j < values.size(); ++j) values[j] += factor * direction[j];
  return values;
}

/// A random row for a loss with random options, away from kinks.
template <LossKind kind>
struct Row {
  explicit Row(std::mt19937_64& random) {
    do {
      loss = LossCase<kind>::draw(random);
      const int count = testing::uniform_int(random, 1, 3);
      targets = LossCase<kind>::labels ? 1 : count;
      outputs = LossCase<kind>::labels ? count + 1 : LossCase<kind>::outputs(loss, count);
      o = draws(random, outputs);
      ro = draws(random, outputs);
      y = draws(random, targets);
      for (double& target : y)
        target = LossCase<kind>::labels ? testing::uniform_int(random, 0, outputs - 1)
                                        : testing::single(LossCase<kind>::target(random, target));
    } while (LossCase<kind>::kink(loss, o, y) < 0.01);
    levels = floats(loss.quantiles);
  }

  LossOf<kind> maths() const {
    LossOptions options = loss_options(loss);
    options.quantiles = levels.data();
    Network net;
    net.outputs = outputs;
    net.targets = targets;
    return LossOf<kind>::of(options, net);
  }
  double terms(const std::vector<double>& at) const { return LossCase<kind>::terms(loss, at, y); }
  /// d terms / d o_j
  double slope(const std::vector<double>& at, std::size_t j) const {
    std::vector<double> direction(at.size(), 0.0);
    direction[j] = 1.0;
    return (terms(moved(at, h, direction)) - terms(moved(at, -h, direction))) / (2.0 * h);
  }

  static constexpr double h = 1e-4;
  Loss loss;
  int outputs = 0, targets = 0;
  std::vector<double> o, ro, y;
  std::vector<float> levels;
};

void expect_near(double got, double want, double error) {
  EXPECT_NEAR(got, want, error * std::fmax(1.0, std::fabs(want)));
}

template <class Kind>
class LossMaths : public ::testing::Test {};
TYPED_TEST_SUITE(LossMaths, testing::TestsOf<LossKinds>, testing::KindNames);

TYPED_TEST(LossMaths, HasTheTermsAndDerivativesOfItsDefinition) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 300 && !this->HasFailure(); ++round) {
    const Row<TypeParam::value> row(random);
    const auto maths = row.maths();
    const std::vector<float> o = floats(row.o), y = floats(row.y), ro = floats(row.ro);
    const float start = 0.75f, scale = 0.25f;
    expect_near(add_terms(maths, o.data(), y.data(), start), 0.75 + row.terms(row.o), 1e-6);

    std::vector<float> delta(o.size()), rd(o.size());
    maths.gradient(o.data(), y.data(), scale, delta.data());
    maths.curvature(o.data(), y.data(), ro.data(), scale, rd.data());
    const auto up = moved(row.o, row.h, row.ro), down = moved(row.o, -row.h, row.ro);
    for (std::size_t j = 0; j < o.size(); ++j) {
      expect_near(delta[j], scale * row.slope(row.o, j), 3e-5);
      expect_near(rd[j], scale * (row.slope(up, j) - row.slope(down, j)) / (2.0 * row.h), 2e-3);
    }
  }
}

/// Backends allocate memory for the factors of a row's terms by the number that the struct states.
TYPED_TEST(LossMaths, GivesAsManyPairsAsItSays) {
  std::mt19937_64 random(6);
  for (int round = 0; round < 20; ++round) {
    const Row<TypeParam::value> row(random);
    const std::vector<float> o = floats(row.o), y = floats(row.y);
    int pairs = 0;
    row.maths().terms(o.data(), y.data(), [&](float, float) { ++pairs; });
    EXPECT_EQ(loss_pairs(TypeParam::value, row.outputs, row.targets), pairs);
  }
}

}  // namespace
}  // namespace shoal::kernels
