// SPDX-License-Identifier: Apache-2.0
// Mean and deviation of a column, as features and targets are standardised.
#pragma once

#include <string>
#include <vector>

#include "data/column_store.hpp"

namespace shoal {

struct Moments {
  double mean = 0.0;       ///< 0 without any value
  double deviation = 0.0;  ///< population; 0 when the values are constant, or there is none
  bool any_missing = false;

  double scale() const { return deviation > 0.0 ? deviation : 1.0; }
};

/// Of the finite values in the rows that are set. A deviation that is no larger than the error of its own
/// computation is 0: the rounding of the mean, or of the values themselves. Throws DataError naming the place
/// of the largest value when mean or deviation overflow, or when values that differ have squares of 0.
Moments moments_of(const ColumnStore& table, const Column& column, const std::vector<bool>& rows);

}  // namespace shoal
