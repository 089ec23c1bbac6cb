// SPDX-License-Identifier: Apache-2.0
// Mean and deviation of a column, by which features and targets are standardised.
#pragma once

#include <string>
#include <vector>

#include "data/column_store.hpp"

namespace shoal {

struct Moments {
  double mean = 0.0;       ///< 0 when there is no value
  double deviation = 0.0;  ///< of the population; 0 when the values are equal or there is none
  bool any_missing = false;

  double scale() const { return deviation > 0.0 ? deviation : 1.0; }
};

/// Computed from the finite values in the rows that are set. A deviation that is not above its own rounding
/// error (of the mean or of the values) becomes 0. Throws DataError, naming the location of the largest
/// value, when mean or deviation overflow, and when different values have squares that underflow to 0.
Moments moments_of(const ColumnStore& table, const Column& column, const std::vector<bool>& rows);

}  // namespace shoal
