// SPDX-License-Identifier: Apache-2.0
#include "baselines/row_loss.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "baselines/loss_terms.hpp"

namespace shoal::baselines {
namespace {

double huber(double difference, double delta) {
  const double size = std::fabs(difference);
  return size <= delta ? 0.5 * size * size : delta * (size - 0.5 * delta);
}

double cross_entropy(std::span<const double> outputs, std::size_t label) {
  const double most = *std::max_element(outputs.begin(), outputs.end());
  double sum = 0.0;
  for (const double output : outputs) sum += exponential(output - most);
  return std::log(sum) + most - outputs[label];
}

/// The sum of the terms of one row.
double row_loss(const Loss& loss, std::span<const double> outputs, std::span<const double> targets) {
  const std::size_t d = targets.size();
  double sum = 0.0;
  for (std::size_t t = 0; t < d; ++t) {
    if (loss.kind == LossKind::huber) {
      sum += huber(outputs[t] - targets[t], loss.delta);
    } else if (loss.kind == LossKind::gaussian_nll) {
      const double difference = targets[t] - outputs[t];
      sum += 0.5 * (outputs[d + t] + difference * difference * exponential(-outputs[d + t]));
    } else if (loss.kind == LossKind::pinball) {
      for (std::size_t q = 0; q < loss.quantiles.size(); ++q) {
        const double r = targets[t] - outputs[t * loss.quantiles.size() + q], level = loss.quantiles[q];
        sum += std::max(level * r, (level - 1.0) * r);
      }
    } else {
      sum += loss_terms(loss, outputs[t], targets[t]).value;
    }
  }
  return sum;
}

}  // namespace

double mean_loss(const Loss& loss, std::span<const double> outputs, std::span<const double> targets,
                 std::span<const std::int64_t> labels, std::size_t count) {
  if (count == 0) return std::numeric_limits<double>::quiet_NaN();
  const std::size_t width = outputs.size() / count, columns = targets.size() / count;
  double sum = 0.0;
  for (std::size_t row = 0; row < count; ++row) {
    const auto of_row = outputs.subspan(row * width, width);
    sum += loss.kind == LossKind::softmax ? cross_entropy(of_row, static_cast<std::size_t>(labels[row]))
                                          : row_loss(loss, of_row, targets.subspan(row * columns, columns));
  }
  return sum / loss.terms(static_cast<double>(count), static_cast<int>(width));
}

}  // namespace shoal::baselines
