// SPDX-License-Identifier: Apache-2.0
// A task fails if its query loss at theta is not finite or above 2^60, even if the caller does not ask for
// that loss. If the caller does not, the pass over the query rows is left out when the loss is certain to be
// small: theta's largest column sums of magnitudes and the largest magnitudes in the data bound it.
#pragma once

#include <span>
#include <vector>

#include "cpu/group_job.hpp"

namespace shoal::cpu {

class QueryLossBound {
 public:
  /// `network` has offsets in the flat vector theta [P].
  QueryLossBound(const Network& network, const LossOptions& loss, std::span<const float> theta);

  /// Whether no row with such values can have a loss, or an intermediate value, that is not small. False
  /// means that it is not known.
  bool is_surely_small(const LargestValues& rows) const;

 private:
  double output_bound(double x, double offset) const;
  double term_bound(double output, double y) const;

  struct Layer {
    double gain, bias;  ///< |W h + b| <= gain * largest |h| + bias
  };
  const Network& network_;
  const LossOptions& loss_;
  std::vector<Layer> layers_;
  double skip_ = 0.0;
};

}  // namespace shoal::cpu
