// SPDX-License-Identifier: Apache-2.0
// A task whose query loss at theta is not finite, or above 2^60, has failed, whether somebody asks for that
// loss or not. Where nobody does, the pass over the query rows is saved if the loss is small for certain: by
// the norms of theta's rows and the largest magnitudes in the data.
#pragma once

#include <span>
#include <vector>

#include "cpu/group_job.hpp"

namespace shoal::cpu {

class QueryLossBound {
 public:
  /// `network` with offsets in the plain vector theta [P].
  QueryLossBound(const Network& network, const LossOptions& loss, std::span<const float> theta);

  /// Whether no row with such values can have a loss, or anything on the way to it, that is not small. False
  /// says nothing.
  bool is_surely_small(const LargestValues& rows) const;

 private:
  double output_bound(double x, double offset) const;
  double term_bound(double output, double y) const;

  struct Layer {
    double slope, offset;  ///< |W h + b| <= slope * largest |h| + offset
  };
  const Network& network_;
  const LossOptions& loss_;
  std::vector<Layer> layers_;
  double skip_ = 0.0;
};

}  // namespace shoal::cpu
