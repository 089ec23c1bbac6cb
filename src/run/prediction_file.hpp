// SPDX-License-Identifier: Apache-2.0
// Predictions as lines of a CSV file, and as columns in memory.
#pragma once

#include <string>

#include <shoal/predictions.hpp>

#include "run/prediction_table.hpp"

namespace shoal {

std::string header_of(const PredictionColumns& columns);

/// Lines of rows, one after another.
template <class Real>
class PredictionLines {
 public:
  explicit PredictionLines(const PredictionColumns& columns) : columns_(columns) {}
  void append(const PredictionRow<Real>& row, std::string& text);

 private:
  const PredictionColumns& columns_;
  // Of the task at hand, whose beginning of a line is not written anew for every row:
  bool at_task_ = false;
  std::int64_t id_ = 0;
  std::string start_;
};

/// The empty columns of predictions, and a row behind them.
Predictions empty_predictions(const PredictionColumns& columns);
template <class Real>
void append_row(const PredictionRow<Real>& row, Predictions& predictions);

extern template class PredictionLines<float>;
extern template class PredictionLines<double>;
extern template void append_row(const PredictionRow<float>&, Predictions&);
extern template void append_row(const PredictionRow<double>&, Predictions&);

}  // namespace shoal
