// SPDX-License-Identifier: Apache-2.0
// Losses on one row (contract.md 1; PyTorch's definitions): terms, first derivative and second derivative in
// a direction.
//
//   terms(o, y, use)                   use(c, v) for every term c v of the row, output by output
//   add_terms(loss, o, y, total)       total + the row's terms in that order, one fused multiply-add each
//   gradient(o, y, scale, delta)       delta_j = dl/do_j * scale
//   curvature(o, y, ro, scale, rd)     rd_j = (sum_i d2l/do_j do_i ro_i) * scale
//
// o, ro, delta, rd: [outputs]; y: [targets], for Softmax the class index as a number. Outputs alias nothing.
#pragma once

#include "kernels/logarithm.hpp"

namespace shoal::kernels {

/// (o - y)^2
struct Mse {
  int outputs;
  template <class V, class Use>
  SHOAL_HD void terms(const V* o, const V* y, Use use) const {
    for (int j = 0; j < outputs; ++j) {
      const V d = o[j] - y[j];
      use(d, d);
    }
  }
  template <class V>
  SHOAL_HD void gradient(const V* o, const V* y, V scale, V* delta) const {
    for (int j = 0; j < outputs; ++j) {
      const V d = o[j] - y[j];
      delta[j] = (d + d) * scale;
    }
  }
  template <class V>
  SHOAL_HD void curvature(const V*, const V*, const V* ro, V scale, V* rd) const {
    for (int j = 0; j < outputs; ++j) rd[j] = (ro[j] + ro[j]) * scale;
  }
};

/// d^2 / 2 up to |d| = delta, then delta (|d| - delta / 2), d = o - y.
struct Huber {
  int outputs;
  float delta_;
  template <class V, class Use>
  SHOAL_HD void terms(const V* o, const V* y, Use use) const {
    for (int j = 0; j < outputs; ++j) {
      const V d = o[j] - y[j], size = abs(d);
      const V inner = V(0.5f) * d * d, outer = V(delta_) * (size - V(0.5f * delta_));
      use(V(1.0f), select(size <= V(delta_), inner, outer));
    }
  }
  template <class V>
  SHOAL_HD void gradient(const V* o, const V* y, V scale, V* delta) const {
    for (int j = 0; j < outputs; ++j) {
      const V d = o[j] - y[j];
      const V outer = select(d < V(0.0f), V(-delta_), V(delta_));
      delta[j] = select(abs(d) > V(delta_), outer, d) * scale;
    }
  }
  template <class V>
  SHOAL_HD void curvature(const V* o, const V* y, const V* ro, V scale, V* rd) const {
    for (int j = 0; j < outputs; ++j) rd[j] = select(abs(o[j] - y[j]) > V(delta_), V(0.0f), ro[j] * scale);
  }
};

/// (1 - y) softplus(o) + w y softplus(-o): binary cross-entropy of logits, w the weight of positives.
struct Bce {
  int outputs;
  float pos_weight;
  template <class V, class Use>
  SHOAL_HD void terms(const V* o, const V* y, Use use) const {
    for (int j = 0; j < outputs; ++j) {
      use(V(1.0f) - y[j], softplus(o[j]));
      use(V(pos_weight) * y[j], softplus(-o[j]));
    }
  }
  template <class V>
  SHOAL_HD void gradient(const V* o, const V* y, V scale, V* delta) const {
    for (int j = 0; j < outputs; ++j)
      delta[j] = fma(V(1.0f) - y[j], sigmoid(o[j]), -(V(pos_weight) * y[j] * sigmoid(-o[j]))) * scale;
  }
  template <class V>
  SHOAL_HD void curvature(const V* o, const V* y, const V* ro, V scale, V* rd) const {
    for (int j = 0; j < outputs; ++j) {
      const V weight = fma(V(pos_weight), y[j], V(1.0f) - y[j]);
      rd[j] = weight * (sigmoid(o[j]) * sigmoid(-o[j])) * ro[j] * scale;
    }
  }
};

/// log sum_i exp(o_i) - o_label, shifted by the largest output.
struct Softmax {
  int outputs;
  template <class V>
  SHOAL_HD V largest(const V* o) const {
    V m = o[0];
    for (int j = 1; j < outputs; ++j) m = select(o[j] > m, o[j], m);
    return m;
  }
  template <class V, class Use>
  SHOAL_HD void terms(const V* o, const V* y, Use use) const {
    const V m = largest(o);
    V sum(0.0f), chosen(0.0f);
    for (int j = 0; j < outputs; ++j) {
      sum = sum + exp(o[j] - m);
      chosen = select(y[0] == V(static_cast<float>(j)), o[j], chosen);
    }
    use(V(1.0f), log(sum) + (m - chosen));
  }
  /// p_j = exp(o_j - m) / sum into `p`.
  template <class V>
  SHOAL_HD void probabilities(const V* o, V* p) const {
    const V m = largest(o);
    V sum(0.0f);
    for (int j = 0; j < outputs; ++j) {
      p[j] = exp(o[j] - m);
      sum = sum + p[j];
    }
    for (int j = 0; j < outputs; ++j) p[j] = p[j] / sum;
  }
  template <class V>
  SHOAL_HD void gradient(const V* o, const V* y, V scale, V* delta) const {
    probabilities(o, delta);
    for (int j = 0; j < outputs; ++j) {
      const V one = select(y[0] == V(static_cast<float>(j)), V(1.0f), V(0.0f));
      delta[j] = (delta[j] - one) * scale;
    }
  }
  template <class V>
  SHOAL_HD void curvature(const V* o, const V*, const V* ro, V scale, V* rd) const {
    probabilities(o, rd);
    V mean(0.0f);
    for (int j = 0; j < outputs; ++j) mean = fma(rd[j], ro[j], mean);
    for (int j = 0; j < outputs; ++j) rd[j] = rd[j] * (ro[j] - mean) * scale;
  }
};

/// max(tau r, (tau - 1) r), r = y - o; outputs target-major: target t, quantile q at t * count + q. At r = 0
/// the derivative is that of r > 0.
struct Pinball {
  int targets;
  const float* quantiles;
  int count;
  template <class V, class Use>
  SHOAL_HD void terms(const V* o, const V* y, Use use) const {
    for (int j = 0; j < targets * count; ++j) {
      const V r = y[j / count] - o[j], tau(quantiles[j % count]);
      use(select(r >= V(0.0f), tau, tau - V(1.0f)), r);
    }
  }
  template <class V>
  SHOAL_HD void gradient(const V* o, const V* y, V scale, V* delta) const {
    for (int j = 0; j < targets * count; ++j) {
      const V r = y[j / count] - o[j], tau(quantiles[j % count]);
      delta[j] = select(r >= V(0.0f), -tau, V(1.0f) - tau) * scale;
    }
  }
  template <class V>
  SHOAL_HD void curvature(const V*, const V*, const V*, V, V* rd) const {
    for (int j = 0; j < targets * count; ++j) rd[j] = V(0.0f);
  }
};

/// (s + (y - m)^2 exp(-s)) / 2: outputs are the means m, then the log-variances s.
struct GaussianNll {
  int targets;
  template <class V, class Use>
  SHOAL_HD void terms(const V* o, const V* y, Use use) const {
    for (int t = 0; t < targets; ++t) {
      const V d = o[t] - y[t], s = o[targets + t];
      use(V(0.5f), fma(d * d, exp(-s), s));
    }
  }
  template <class V>
  SHOAL_HD void gradient(const V* o, const V* y, V scale, V* delta) const {
    for (int t = 0; t < targets; ++t) {
      const V d = o[t] - y[t], weighted = d * exp(-o[targets + t]);
      delta[t] = weighted * scale;
      delta[targets + t] = V(0.5f) * fma(-d, weighted, V(1.0f)) * scale;
    }
  }
  template <class V>
  SHOAL_HD void curvature(const V* o, const V* y, const V* ro, V scale, V* rd) const {
    for (int t = 0; t < targets; ++t) {
      const V d = o[t] - y[t], precision = exp(-o[targets + t]), rm = ro[t], rs = ro[targets + t];
      rd[t] = precision * fma(-d, rs, rm) * scale;
      rd[targets + t] = precision * d * fma(V(0.5f) * d, rs, -rm) * scale;
    }
  }
};

/// x exp(-o) - ln x + o - 1, o a log-variance, x = max(y, floor); no floor when it is not positive.
struct Qlike {
  int outputs;
  float floor_;
  template <class V>
  SHOAL_HD V floored(V y) const {
    return floor_ > 0.0f ? select(y < V(floor_), V(floor_), y) : y;
  }
  template <class V, class Use>
  SHOAL_HD void terms(const V* o, const V* y, Use use) const {
    for (int j = 0; j < outputs; ++j) {
      const V x = floored(y[j]);
      use(V(1.0f), fma(x, exp(-o[j]), o[j] - log(x)) - V(1.0f));
    }
  }
  template <class V>
  SHOAL_HD void gradient(const V* o, const V* y, V scale, V* delta) const {
    for (int j = 0; j < outputs; ++j) delta[j] = fma(-floored(y[j]), exp(-o[j]), V(1.0f)) * scale;
  }
  template <class V>
  SHOAL_HD void curvature(const V* o, const V* y, const V* ro, V scale, V* rd) const {
    for (int j = 0; j < outputs; ++j) rd[j] = floored(y[j]) * exp(-o[j]) * ro[j] * scale;
  }
};

template <class Loss, class V>
SHOAL_HD V add_terms(const Loss& loss, const V* o, const V* y, V total) {
  loss.terms(o, y, [&](const V& c, const V& v) { total = fma(c, v, total); });
  return total;
}

}  // namespace shoal::kernels
