// SPDX-License-Identifier: Apache-2.0
// Losses (docs/definitions.md), by PyTorch's definitions. One struct states everything about a loss: its
// properties, and its maths on one row. Other code reads the properties through kernels/math/kind_traits.hpp
// and chooses a loss through kernels/math/choices.hpp. src/core/loss_sizes.cpp evaluates every loss at
// compile time, so that a loss that writes beyond its memory does not compile.
//
//   name                            its name in configurations
//   labels                          whether targets are class labels: one target column, one output per class
//   mean_over, pairs_per_term       what the mean counts in a row; number of factor pairs of one such term
//   outputs_per_target(options)     network outputs for a target column of numbers
//   domain(options)                 the targets for which it is defined
//   of(options, net)                makes the loss from its options
//   terms(o, y, use)                calls use(c, v) for every pair, output by output: l = sum of c v
//   gradient(o, y, scale, delta)    delta_j = dl/do_j * scale
//   curvature(o, y, ro, scale, rd)  rd_j = (sum_i d2l/do_j do_i ro_i) * scale
//
// o, ro, delta, rd: [outputs]; y: [targets], for Softmax the class index as a number. delta and rd must not
// overlap the inputs.
#pragma once

#include "kernels/math/logarithm.hpp"
#include "kernels/math/network.hpp"

namespace shoal::kernels {

/// What the mean of a loss counts in each row: the row itself, its targets or its outputs.
enum class MeanOver : int { rows, targets, outputs };

/// The targets for which a loss is defined; TargetDomain in include/shoal/loss.hpp describes the members.
struct TargetBounds {
  double low = -__builtin_inf(), high = __builtin_inf();
  bool above_low = false;
  const char *fault = "", *rule = "";
};

/// The loss of a kind. The general template is not defined, so that a kind without a struct does not compile.
template <LossKind kind>
struct LossOf;

/// (o - y)^2
template <>
struct LossOf<LossKind::mse> {
  static constexpr const char* name = "mse";
  static constexpr bool labels = false;
  static constexpr MeanOver mean_over = MeanOver::outputs;
  static constexpr int pairs_per_term = 1;
  static constexpr int outputs_per_target(const LossOptions&) { return 1; }
  static constexpr TargetBounds domain(const LossOptions&) { return {}; }
  static SHOAL_HD constexpr LossOf of(const LossOptions&, const Network& net) { return {net.outputs}; }

  int outputs;
  template <class V, class Use>
  SHOAL_HD constexpr void terms(const V* o, const V* y, Use use) const {
    for (int j = 0; j < outputs; ++j) {
      const V d = o[j] - y[j];
      use(d, d);
    }
  }
  template <class V>
  SHOAL_HD constexpr void gradient(const V* o, const V* y, V scale, V* delta) const {
    for (int j = 0; j < outputs; ++j) {
      const V d = o[j] - y[j];
      delta[j] = (d + d) * scale;
    }
  }
  template <class V>
  SHOAL_HD constexpr void curvature(const V*, const V*, const V* ro, V scale, V* rd) const {
    for (int j = 0; j < outputs; ++j) rd[j] = (ro[j] + ro[j]) * scale;
  }
};
using Mse = LossOf<LossKind::mse>;

/// d^2 / 2 up to |d| = delta, then delta (|d| - delta / 2), d = o - y.
template <>
struct LossOf<LossKind::huber> {
  static constexpr const char* name = "huber";
  static constexpr bool labels = false;
  static constexpr MeanOver mean_over = MeanOver::outputs;
  static constexpr int pairs_per_term = 1;
  static constexpr int outputs_per_target(const LossOptions&) { return 1; }
  static constexpr TargetBounds domain(const LossOptions&) { return {}; }
  static SHOAL_HD constexpr LossOf of(const LossOptions& loss, const Network& net) {
    return {net.outputs, loss.delta};
  }

  int outputs;
  float delta_;
  template <class V, class Use>
  SHOAL_HD constexpr void terms(const V* o, const V* y, Use use) const {
    for (int j = 0; j < outputs; ++j) {
      const V d = o[j] - y[j], size = abs(d);
      const V inner = V(0.5f) * d * d, outer = V(delta_) * (size - V(0.5f * delta_));
      use(V(1.0f), select(size <= V(delta_), inner, outer));
    }
  }
  template <class V>
  SHOAL_HD constexpr void gradient(const V* o, const V* y, V scale, V* delta) const {
    for (int j = 0; j < outputs; ++j) {
      const V d = o[j] - y[j];
      const V outer = select(d < V(0.0f), V(-delta_), V(delta_));
      delta[j] = select(abs(d) > V(delta_), outer, d) * scale;
    }
  }
  template <class V>
  SHOAL_HD constexpr void curvature(const V* o, const V* y, const V* ro, V scale, V* rd) const {
    for (int j = 0; j < outputs; ++j) rd[j] = select(abs(o[j] - y[j]) > V(delta_), V(0.0f), ro[j] * scale);
  }
};
using Huber = LossOf<LossKind::huber>;

/// (1 - y) softplus(o) + w y softplus(-o): binary cross-entropy of logits, w the weight of positives.
template <>
struct LossOf<LossKind::bce> {
  static constexpr const char* name = "bce";
  static constexpr bool labels = false;
  static constexpr MeanOver mean_over = MeanOver::outputs;
  static constexpr int pairs_per_term = 2;
  static constexpr int outputs_per_target(const LossOptions&) { return 1; }
  static constexpr TargetBounds domain(const LossOptions&) {
    return {.low = 0.0,
            .high = 1.0,
            .fault = "is not between 0 and 1",
            .rule = "loss bce needs 1 for the positive class and 0 for the other, or a probability"};
  }
  static SHOAL_HD constexpr LossOf of(const LossOptions& loss, const Network& net) {
    return {net.outputs, loss.pos_weight};
  }

  int outputs;
  float pos_weight;
  template <class V, class Use>
  SHOAL_HD constexpr void terms(const V* o, const V* y, Use use) const {
    for (int j = 0; j < outputs; ++j) {
      use(V(1.0f) - y[j], softplus(o[j]));
      use(V(pos_weight) * y[j], softplus(-o[j]));
    }
  }
  template <class V>
  SHOAL_HD constexpr void gradient(const V* o, const V* y, V scale, V* delta) const {
    for (int j = 0; j < outputs; ++j)
      delta[j] = fma(V(1.0f) - y[j], sigmoid(o[j]), -(V(pos_weight) * y[j] * sigmoid(-o[j]))) * scale;
  }
  template <class V>
  SHOAL_HD constexpr void curvature(const V* o, const V* y, const V* ro, V scale, V* rd) const {
    for (int j = 0; j < outputs; ++j) {
      const V weight = fma(V(pos_weight), y[j], V(1.0f) - y[j]);
      rd[j] = weight * (sigmoid(o[j]) * sigmoid(-o[j])) * ro[j] * scale;
    }
  }
};
using Bce = LossOf<LossKind::bce>;

/// log sum_i exp(o_i) - o_label, shifted by the largest output.
template <>
struct LossOf<LossKind::softmax> {
  static constexpr const char* name = "softmax";
  static constexpr bool labels = true;
  static constexpr MeanOver mean_over = MeanOver::rows;
  static constexpr int pairs_per_term = 1;
  static constexpr int outputs_per_target(const LossOptions&) { return 1; }
  static constexpr TargetBounds domain(const LossOptions&) { return {}; }
  static SHOAL_HD constexpr LossOf of(const LossOptions&, const Network& net) { return {net.outputs}; }

  int outputs;
  template <class V>
  SHOAL_HD constexpr V largest(const V* o) const {
    V m = o[0];
    for (int j = 1; j < outputs; ++j) m = select(o[j] > m, o[j], m);
    return m;
  }
  template <class V, class Use>
  SHOAL_HD constexpr void terms(const V* o, const V* y, Use use) const {
    const V m = largest(o);
    V sum(0.0f), chosen(0.0f);
    for (int j = 0; j < outputs; ++j) {
      sum = sum + exp(o[j] - m);
      chosen = select(y[0] == V(static_cast<float>(j)), o[j], chosen);
    }
    use(V(1.0f), log(sum) + (m - chosen));
  }
  /// Writes p_j = exp(o_j - m) / sum to `p`.
  template <class V>
  SHOAL_HD constexpr void probabilities(const V* o, V* p) const {
    const V m = largest(o);
    V sum(0.0f);
    for (int j = 0; j < outputs; ++j) {
      p[j] = exp(o[j] - m);
      sum = sum + p[j];
    }
    for (int j = 0; j < outputs; ++j) p[j] = p[j] / sum;
  }
  template <class V>
  SHOAL_HD constexpr void gradient(const V* o, const V* y, V scale, V* delta) const {
    probabilities(o, delta);
    for (int j = 0; j < outputs; ++j) {
      const V one = select(y[0] == V(static_cast<float>(j)), V(1.0f), V(0.0f));
      delta[j] = (delta[j] - one) * scale;
    }
  }
  template <class V>
  SHOAL_HD constexpr void curvature(const V* o, const V*, const V* ro, V scale, V* rd) const {
    probabilities(o, rd);
    V mean(0.0f);
    for (int j = 0; j < outputs; ++j) mean = fma(rd[j], ro[j], mean);
    for (int j = 0; j < outputs; ++j) rd[j] = rd[j] * (ro[j] - mean) * scale;
  }
};
using Softmax = LossOf<LossKind::softmax>;

/// max(tau r, (tau - 1) r), r = y - o. Outputs are target-major: quantile q of target t is output t * count +
/// q. At r = 0 the derivative is the one for r > 0.
template <>
struct LossOf<LossKind::pinball> {
  static constexpr const char* name = "pinball";
  static constexpr bool labels = false;
  static constexpr MeanOver mean_over = MeanOver::outputs;
  static constexpr int pairs_per_term = 1;
  static constexpr int outputs_per_target(const LossOptions& loss) { return loss.quantile_count; }
  static constexpr TargetBounds domain(const LossOptions&) { return {}; }
  static SHOAL_HD constexpr LossOf of(const LossOptions& loss, const Network& net) {
    return {net.targets, loss.quantiles, loss.quantile_count};
  }

  int targets;
  const float* quantiles;
  int count;
  template <class V, class Use>
  SHOAL_HD constexpr void terms(const V* o, const V* y, Use use) const {
    for (int j = 0; j < targets * count; ++j) {
      const V r = y[j / count] - o[j], tau(quantiles[j % count]);
      use(select(r >= V(0.0f), tau, tau - V(1.0f)), r);
    }
  }
  template <class V>
  SHOAL_HD constexpr void gradient(const V* o, const V* y, V scale, V* delta) const {
    for (int j = 0; j < targets * count; ++j) {
      const V r = y[j / count] - o[j], tau(quantiles[j % count]);
      delta[j] = select(r >= V(0.0f), -tau, V(1.0f) - tau) * scale;
    }
  }
  template <class V>
  SHOAL_HD constexpr void curvature(const V*, const V*, const V*, V, V* rd) const {
    for (int j = 0; j < targets * count; ++j) rd[j] = V(0.0f);
  }
};
using Pinball = LossOf<LossKind::pinball>;

/// (s + (y - m)^2 exp(-s)) / 2: outputs are the means m, then the log-variances s.
template <>
struct LossOf<LossKind::gaussian_nll> {
  static constexpr const char* name = "gaussian-nll";
  static constexpr bool labels = false;
  static constexpr MeanOver mean_over = MeanOver::targets;
  static constexpr int pairs_per_term = 1;
  static constexpr int outputs_per_target(const LossOptions&) { return 2; }
  static constexpr TargetBounds domain(const LossOptions&) { return {}; }
  static SHOAL_HD constexpr LossOf of(const LossOptions&, const Network& net) { return {net.targets}; }

  int targets;
  template <class V, class Use>
  SHOAL_HD constexpr void terms(const V* o, const V* y, Use use) const {
    for (int t = 0; t < targets; ++t) {
      const V d = o[t] - y[t], s = o[targets + t];
      use(V(0.5f), fma(d * d, exp(-s), s));
    }
  }
  template <class V>
  SHOAL_HD constexpr void gradient(const V* o, const V* y, V scale, V* delta) const {
    for (int t = 0; t < targets; ++t) {
      const V d = o[t] - y[t], weighted = d * exp(-o[targets + t]);
      delta[t] = weighted * scale;
      delta[targets + t] = V(0.5f) * fma(-d, weighted, V(1.0f)) * scale;
    }
  }
  template <class V>
  SHOAL_HD constexpr void curvature(const V* o, const V* y, const V* ro, V scale, V* rd) const {
    for (int t = 0; t < targets; ++t) {
      const V d = o[t] - y[t], precision = exp(-o[targets + t]), rm = ro[t], rs = ro[targets + t];
      rd[t] = precision * fma(-d, rs, rm) * scale;
      rd[targets + t] = precision * d * fma(V(0.5f) * d, rs, -rm) * scale;
    }
  }
};
using GaussianNll = LossOf<LossKind::gaussian_nll>;

/// x exp(-o) - ln x + o - 1, o a log-variance, x = max(y, floor); no floor when it is not positive.
template <>
struct LossOf<LossKind::qlike> {
  static constexpr const char* name = "qlike";
  static constexpr bool labels = false;
  static constexpr MeanOver mean_over = MeanOver::outputs;
  static constexpr int pairs_per_term = 1;
  static constexpr int outputs_per_target(const LossOptions&) { return 1; }
  static constexpr TargetBounds domain(const LossOptions& loss) {
    if (loss.floor >= 0.0f) return {};
    return {.low = 0.0,
            .above_low = true,
            .fault = "is not positive",
            .rule = "loss qlike needs targets above 0, or a loss.floor"};
  }
  static SHOAL_HD constexpr LossOf of(const LossOptions& loss, const Network& net) {
    return {net.outputs, loss.floor};
  }

  int outputs;
  float floor_;
  template <class V>
  SHOAL_HD constexpr V floored(V y) const {
    return floor_ > 0.0f ? select(y < V(floor_), V(floor_), y) : y;
  }
  template <class V, class Use>
  SHOAL_HD constexpr void terms(const V* o, const V* y, Use use) const {
    for (int j = 0; j < outputs; ++j) {
      const V x = floored(y[j]);
      use(V(1.0f), fma(x, exp(-o[j]), o[j] - log(x)) - V(1.0f));
    }
  }
  template <class V>
  SHOAL_HD constexpr void gradient(const V* o, const V* y, V scale, V* delta) const {
    for (int j = 0; j < outputs; ++j) delta[j] = fma(-floored(y[j]), exp(-o[j]), V(1.0f)) * scale;
  }
  template <class V>
  SHOAL_HD constexpr void curvature(const V* o, const V* y, const V* ro, V scale, V* rd) const {
    for (int j = 0; j < outputs; ++j) rd[j] = floored(y[j]) * exp(-o[j]) * ro[j] * scale;
  }
};
using Qlike = LossOf<LossKind::qlike>;

/// total + the sum of c v over the pairs of a row, in order, by one fused multiply-add each.
template <class Loss, class V>
SHOAL_HD V add_terms(const Loss& loss, const V* o, const V* y, V total) {
  loss.terms(o, y, [&](const V& c, const V& v) { total = fma(c, v, total); });
  return total;
}

}  // namespace shoal::kernels
