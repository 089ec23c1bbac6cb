// SPDX-License-Identifier: Apache-2.0
#include <shoal/loss.hpp>

#include <cmath>

#include "core/name_table.hpp"

namespace shoal {
namespace {

constexpr std::pair<LossKind, std::string_view> names[] = {
    {LossKind::mse, "mse"},         {LossKind::huber, "huber"},     {LossKind::bce, "bce"},
    {LossKind::softmax, "softmax"}, {LossKind::pinball, "pinball"}, {LossKind::gaussian_nll, "gaussian-nll"},
    {LossKind::qlike, "qlike"}};

void require_positive(double value, const std::string& what) {
  if (!(value > 0.0) || !std::isfinite(value))
    throw InvalidArgument("loss: " + what + " must be positive and finite, is " + std::to_string(value));
}

}  // namespace

bool TargetDomain::is_bounded() const {
  return std::isfinite(low) || std::isfinite(high);
}

std::string TargetDomain::refusal(double target, std::string_view text) const {
  if (!std::isfinite(target))
    return std::string(text) + " is not a finite number; every loss needs finite targets";
  return std::string(text) + " " + std::string(fault) + "; " + std::string(rule);
}

std::string_view to_string(LossKind kind) {
  return name_in<LossKind>(names, kind);
}
LossKind loss_from_string(std::string_view name) {
  return value_in<LossKind>(names, "loss", name);
}

int Loss::outputs_for(int targets) const {
  switch (kind) {
    case LossKind::pinball:
      return targets * static_cast<int>(quantiles.size());
    case LossKind::gaussian_nll:
      return 2 * targets;
    default:
      return targets;
  }
}

TargetDomain Loss::domain() const {
  if (kind == LossKind::bce)
    return {.low = 0.0,
            .high = 1.0,
            .fault = "is not between 0 and 1",
            .rule = "loss bce needs 1 for the positive class and 0 for the other, or a probability"};
  if (kind == LossKind::qlike && !floor)
    return {.low = 0.0,
            .above_low = true,
            .fault = "is not positive",
            .rule = "loss qlike needs targets above 0, or a loss.floor"};
  return {};
}

double Loss::terms(double rows, int outputs) const {
  switch (kind) {
    case LossKind::softmax:
      return rows;
    case LossKind::gaussian_nll: {
      const int means = outputs / 2;
      return rows * means;
    }
    default:
      return rows * outputs;
  }
}

void Loss::validate(int outputs) const {
  if (kind == LossKind::huber) require_positive(delta, "delta of huber");
  if (kind == LossKind::bce) require_positive(pos_weight, "pos_weight of bce");
  if (kind == LossKind::qlike && floor) require_positive(*floor, "floor of qlike");
  if (kind == LossKind::pinball) {
    if (quantiles.empty()) throw InvalidArgument("loss: pinball needs quantiles, e.g. [0.01, 0.05]");
    for (const double q : quantiles)
      if (!(q > 0.0 && q < 1.0))
        throw InvalidArgument("loss: quantiles of pinball must lie between 0 and 1, one is " +
                              std::to_string(q));
    for (std::size_t i = 0; i < quantiles.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (quantiles[i] == quantiles[j])
          throw InvalidArgument("loss: quantiles of pinball must differ, " + std::to_string(quantiles[i]) +
                                " is there twice");
    if (outputs % static_cast<int>(quantiles.size()) != 0)
      throw InvalidArgument("loss: pinball with " + std::to_string(quantiles.size()) +
                            " quantiles needs a multiple of as many outputs, not " + std::to_string(outputs));
  }
  if (kind == LossKind::gaussian_nll && outputs % 2 != 0)
    throw InvalidArgument(
        "loss: gaussian-nll needs means and log-variances, an even number of outputs, not " +
        std::to_string(outputs));
  if (kind == LossKind::softmax && outputs < 2)
    throw InvalidArgument("loss: softmax needs at least 2 classes, not " + std::to_string(outputs));
}

}  // namespace shoal
