// SPDX-License-Identifier: Apache-2.0
#include <shoal/loss.hpp>

#include <cmath>

#include "core/loss_options.hpp"
#include "core/name_table.hpp"
#include "core/with_kind.hpp"
#include "kernels/math/kind_traits.hpp"

namespace shoal {
namespace {

using kernels::LossOf;

constexpr auto names = names_of<LossKind, LossOf>(LossKinds{});
static_assert(is_complete(LossKinds{}), "include/shoal/kinds.hpp: LossKinds lacks an enumerator of LossKind");

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

bool Loss::has_labels() const {
  return with_kind(LossKinds{}, kind, []<LossKind listed>() { return LossOf<listed>::labels; });
}

int Loss::outputs_for(int targets) const {
  const kernels::LossOptions options = loss_options(*this);
  return with_kind(LossKinds{}, kind, [&]<LossKind listed>() {
    return LossOf<listed>::labels ? targets : targets * LossOf<listed>::outputs_per_target(options);
  });
}

int Loss::targets_for(int outputs) const {
  const kernels::LossOptions options = loss_options(*this);
  return with_kind(LossKinds{}, kind, [&]<LossKind listed>() {
    // 0 for pinball when there are no quantiles
    const int each = LossOf<listed>::outputs_per_target(options);
    return LossOf<listed>::labels ? 1 : each > 0 ? outputs / each : 0;
  });
}

TargetDomain Loss::domain() const {
  const kernels::LossOptions options = loss_options(*this);
  return with_kind(LossKinds{}, kind, [&]<LossKind listed>() {
    const kernels::TargetBounds bounds = LossOf<listed>::domain(options);
    return TargetDomain{bounds.low, bounds.high, bounds.above_low, bounds.fault, bounds.rule};
  });
}

double Loss::terms(double rows, int outputs) const {
  return with_kind(LossKinds{}, kind, [&]<LossKind listed>() {
    const bool over_targets = LossOf<listed>::mean_over == kernels::MeanOver::targets;
    return rows * kernels::terms_in_row<LossOf<listed>>(outputs, over_targets ? targets_for(outputs) : 0);
  });
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
                                " occurs twice");
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
