// SPDX-License-Identifier: Apache-2.0
// Outputs, divisors and option ranges of the losses (docs/definitions.md).
#include <gtest/gtest.h>

#include <limits>

#include <shoal/loss.hpp>

#include "expect_error.hpp"
#include "support/loss_cases.hpp"

namespace shoal::testing {
namespace {

/// Calls use.operator()<kind>(loss) with a loss of every kind.
template <LossKind... kinds, class Use>
void for_losses(KindList<LossKind, kinds...>, Use use) {
  std::mt19937_64 random(6);
  const auto look = [&]<LossKind kind>() {
    SCOPED_TRACE(to_string(kind));
    for (int i = 0; i < 4; ++i) use.template operator()<kind>(LossCase<kind>::draw(random));
  };
  (look.template operator()<kinds>(), ...);
}
template <class Use>
void for_losses(Use use) {
  for_losses(LossKinds{}, use);
}

TEST(Loss, NetworkOutputsForTargets) {
  EXPECT_EQ((Loss{.kind = LossKind::mse}.outputs_for(3)), 3);
  EXPECT_EQ((Loss{.kind = LossKind::gaussian_nll}.outputs_for(3)), 6);
  EXPECT_EQ((Loss{.kind = LossKind::pinball, .quantiles = {0.01, 0.05, 0.5, 0.95}}.outputs_for(3)), 12);
  for_losses([]<LossKind kind>(const Loss& loss) {
    EXPECT_EQ(loss.outputs_for(3), LossCase<kind>::outputs(loss, 3));
    EXPECT_EQ(loss.targets_for(LossCase<kind>::outputs(loss, 3)), loss.has_labels() ? 1 : 3);
    EXPECT_EQ(loss.has_labels(), LossCase<kind>::labels);
  });
}

TEST(Loss, DivisorOfTheMean) {
  EXPECT_EQ((Loss{.kind = LossKind::mse}.terms(7, 4)), 28);
  EXPECT_EQ((Loss{.kind = LossKind::softmax}.terms(7, 4)), 7);
  EXPECT_EQ((Loss{.kind = LossKind::gaussian_nll}.terms(7, 4)), 14);
  EXPECT_EQ((Loss{.kind = LossKind::pinball}.terms(7, 4)), 28) << "whatever the quantiles";
  for_losses([]<LossKind kind>(const Loss& loss) {
    for (const int targets : {1, 2, 5}) {
      const int outputs = LossCase<kind>::outputs(loss, targets);
      EXPECT_EQ(loss.terms(7, outputs), 7 * LossCase<kind>::mean_over(targets, outputs));
    }
  });
}

TEST(Loss, StatesTheDomainOfItsTargets) {
  const double tiny = std::numeric_limits<double>::denorm_min(),
               inf = std::numeric_limits<double>::infinity();
  const TargetDomain bce = Loss{.kind = LossKind::bce}.domain(),
                     qlike = Loss{.kind = LossKind::qlike}.domain();
  for (const double y : {0.0, 0.5, 1.0}) EXPECT_TRUE(bce.has(y)) << y;
  for (const double y : {-tiny, 1.0000001, 2.0}) EXPECT_FALSE(bce.has(y)) << y;
  for (const double y : {tiny, 1e300}) EXPECT_TRUE(qlike.has(y)) << y;
  for (const double y : {0.0, -tiny, -1.0}) EXPECT_FALSE(qlike.has(y)) << y;
  EXPECT_TRUE(bce.is_bounded() && qlike.is_bounded());
  for (const Loss& loss : {Loss{}, Loss{.kind = LossKind::huber}, Loss{.kind = LossKind::qlike, .floor = 0.1},
                           Loss{.kind = LossKind::pinball}, Loss{.kind = LossKind::gaussian_nll}})
    EXPECT_TRUE(!loss.domain().is_bounded() && loss.domain().has(-1e300)) << to_string(loss.kind);
  EXPECT_EQ(qlike.refusal(0.0, "0.0"),
            "0.0 is not positive; loss qlike needs targets above 0, or a loss.floor");
  EXPECT_EQ(bce.refusal(inf, "inf"), "inf is not a finite number; every loss needs finite targets");
}

TEST(Loss, AcceptsItsOptions) {
  EXPECT_NO_THROW((Loss{.kind = LossKind::huber, .delta = 0.1}.validate(1)));
  EXPECT_NO_THROW((Loss{.kind = LossKind::pinball, .quantiles = {0.5, 0.01}}.validate(6)));
  EXPECT_NO_THROW((Loss{.kind = LossKind::qlike}.validate(1)));
  EXPECT_NO_THROW((Loss{.kind = LossKind::softmax}.validate(2)));
  // Options of other losses are not checked.
  EXPECT_NO_THROW(
      (Loss{.kind = LossKind::mse, .delta = -1.0, .pos_weight = 0.0, .quantiles = {7.0}}.validate(1)));
}

TEST(Loss, RefusesOptionsOutOfRange) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  expect_error<InvalidArgument>([] { Loss{.kind = LossKind::huber, .delta = 0.0}.validate(1); },
                                "loss: delta of huber must be positive and finite, is 0.000000");
  for (const double bad : {-1.0, nan, inf}) {
    EXPECT_THROW((Loss{.kind = LossKind::huber, .delta = bad}.validate(1)), InvalidArgument);
    EXPECT_THROW((Loss{.kind = LossKind::bce, .pos_weight = bad}.validate(1)), InvalidArgument);
    EXPECT_THROW((Loss{.kind = LossKind::qlike, .floor = bad}.validate(1)), InvalidArgument);
    EXPECT_THROW((Loss{.kind = LossKind::pinball, .quantiles = {0.5, bad}}.validate(2)), InvalidArgument);
  }
  expect_error<InvalidArgument>([] { Loss{.kind = LossKind::pinball}.validate(1); },
                                "loss: pinball needs quantiles, e.g. [0.01, 0.05]");
  expect_error<InvalidArgument>([] { Loss{.kind = LossKind::pinball, .quantiles = {1.0}}.validate(1); },
                                "loss: quantiles of pinball must lie between 0 and 1, one is 1.000000");
  expect_error<InvalidArgument>(
      [] {
        Loss{.kind = LossKind::pinball, .quantiles = {0.1, 0.9}}.validate(3);
      },
      "loss: pinball with 2 quantiles needs a multiple of as many outputs, not 3");
  expect_error<InvalidArgument>(
      [] { Loss{.kind = LossKind::gaussian_nll}.validate(3); },
      "loss: gaussian-nll needs means and log-variances, an even number of outputs, not 3");
  expect_error<InvalidArgument>([] { Loss{.kind = LossKind::softmax}.validate(1); },
                                "loss: softmax needs at least 2 classes, not 1");
}

}  // namespace
}  // namespace shoal::testing
