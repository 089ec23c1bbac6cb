// SPDX-License-Identifier: Apache-2.0
// Formats predictions as lines of a CSV file, or as columns in memory.
#pragma once

#include <string>

#include <shoal/predictions.hpp>

#include "run/prediction_table.hpp"

namespace shoal {

std::string header_of(const PredictionColumns& columns);

/// Appends one line of CSV per row.
template <class Real>
class PredictionLines {
 public:
  explicit PredictionLines(const PredictionColumns& columns) : columns_(columns) {}
  void append(const PredictionRow<Real>& row, std::string& text);

 private:
  const PredictionColumns& columns_;
  // Text that all rows of the current task begin with, so that it is formatted only once:
  bool at_task_ = false;
  std::int64_t id_ = 0;
  std::string start_;
};

/// empty_predictions makes the columns without rows; append_row adds a row.
Predictions empty_predictions(const PredictionColumns& columns);
template <class Real>
void append_row(const PredictionRow<Real>& row, Predictions& predictions);

extern template class PredictionLines<float>;
extern template class PredictionLines<double>;
extern template void append_row(const PredictionRow<float>&, Predictions&);
extern template void append_row(const PredictionRow<double>&, Predictions&);

}  // namespace shoal
