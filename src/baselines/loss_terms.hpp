// SPDX-License-Identifier: Apache-2.0
// The losses that have one output per target and a linear model of their own, as functions of that output:
// value, slope and curvature (docs/definitions.md).
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include <shoal/error.hpp>
#include <shoal/loss.hpp>

#include "baselines/exponential.hpp"

namespace shoal::baselines {

struct LossTerms {
  double value, slope, curvature;
  double information;  ///< what the curvature is expected to be where the model is right
};

/// Whether `loss_terms` knows the loss.
inline bool has_loss_terms(LossKind kind) {
  return kind == LossKind::bce || kind == LossKind::mse || kind == LossKind::qlike;
}

/// ln(1 + e^x) without overflow.
inline double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(exponential(-std::fabs(x)));
}

/// Of the loss of an output for a target. Throws InvalidArgument for losses of other outputs.
inline LossTerms loss_terms(const Loss& loss, double output, double target) {
  switch (loss.kind) {
    case LossKind::bce: {
      const double p = logistic(output), weight = (1.0 - target) + loss.pos_weight * target;
      const double curvature = weight * p * logistic(-output);
      return {(1.0 - target) * softplus(output) + loss.pos_weight * target * softplus(-output),
              (1.0 - target) * p - loss.pos_weight * target * logistic(-output), curvature, curvature};
    }
    case LossKind::mse: {
      const double difference = output - target;
      return {difference * difference, 2.0 * difference, 2.0, 2.0};
    }
    case LossKind::qlike: {
      const double x = loss.floor ? std::max(target, *loss.floor) : target;
      const double ratio = x * exponential(-output);
      return {ratio - std::log(x) + output - 1.0, 1.0 - ratio, ratio, 1.0};
    }
    default:
      throw InvalidArgument("loss " + std::string(to_string(loss.kind)) +
                            ": has no linear baseline (bce, mse, qlike and softmax have one)");
  }
}

}  // namespace shoal::baselines
