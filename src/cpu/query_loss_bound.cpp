// SPDX-License-Identifier: Apache-2.0
#include "cpu/query_loss_bound.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/math/activations.hpp"

namespace shoal::cpu {
namespace {

// Limit for intermediate sums: far from the largest float, whatever rounding adds.
constexpr double largest_sum = 0x1p100;
// Limit for the loss of a row: far below 2^60, where a task fails.
constexpr double largest_term = 0x1p40;

/// The largest column sum of magnitudes of W [inputs, outputs].
double largest_column(std::span<const float> theta, std::size_t weight, int inputs, int outputs) {
  std::vector<double> sums(static_cast<std::size_t>(outputs), 0.0);
  const float* row = theta.data() + weight;
  for (int i = 0; i < inputs; ++i, row += outputs)
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += std::abs(static_cast<double>(row[j]));
  double largest = 0.0;
  for (const double sum : sums) largest = sum <= largest ? largest : sum;  // written so that a NaN is kept
  return largest;
}

template <Activation... kinds>
double activation_bound(KindList<Activation, kinds...>, Activation kind, double z) {
  double bound = std::numeric_limits<double>::infinity();
  (void)(... || (kind == kinds && (bound = kernels::ActivationOf<kinds>::bound(z), true)));
  return bound;
}

}  // namespace

QueryLossBound::QueryLossBound(const Network& network, const LossOptions& loss, std::span<const float> theta)
    : network_(network), loss_(loss) {
  for (int l = 0; l < network.layer_count; ++l) {
    const LayerShape& layer = network.layers[l];
    layers_.push_back({largest_column(theta, layer.weight, layer.inputs, layer.outputs),
                       largest_column(theta, layer.bias, 1, layer.outputs)});
  }
  if (network.has_skip) skip_ = largest_column(theta, network.skip, network.inputs, network.outputs);
}

bool QueryLossBound::is_surely_small(const LargestValues& rows) const {
  return term_bound(output_bound(static_cast<double>(rows.x), static_cast<double>(rows.offset)),
                    static_cast<double>(rows.y)) <= largest_term;
}

/// An upper bound of the magnitude of outputs; infinite if a sum may become too large.
double QueryLossBound::output_bound(double x, double offset) const {
  double bound = x;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const bool last = l + 1 == layers_.size();
    bound = layers_[l].gain * bound + layers_[l].bias;
    if (last) bound += skip_ * x + offset;
    if (!(bound <= largest_sum)) return std::numeric_limits<double>::infinity();
    if (!last) bound = activation_bound(Activations{}, network_.activation, bound);
  }
  return bound;
}

/// An upper bound of a row's loss, for the losses of kernels/math/losses.hpp. A loss without a case here has
/// no bound, so that it is always computed.
double QueryLossBound::term_bound(double output, double y) const {
  const double difference = output + y;
  switch (loss_.kind) {
    case LossKind::mse:
      return difference * difference;
    case LossKind::huber:
      return difference * (difference + static_cast<double>(loss_.delta));
    case LossKind::bce:
      return (output + 1.0) * (1.0 + y + static_cast<double>(loss_.pos_weight) * y);
    case LossKind::softmax:
      return 3.0 * output + 32.0;  // the logarithm of the number of classes is below 22
    case LossKind::pinball:
      return difference;
    case LossKind::gaussian_nll:
      return difference * difference * std::exp(output) + output;
    case LossKind::qlike:  // no positive float has a logarithm beyond 104
      return std::max(y, static_cast<double>(loss_.floor)) * std::exp(output) + output + 105.0;
    default:
      break;
  }
  return std::numeric_limits<double>::infinity();
}

}  // namespace shoal::cpu
