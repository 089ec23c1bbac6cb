// SPDX-License-Identifier: Apache-2.0
// Writes predictions to a file, or collects them in memory.
#pragma once

#include <filesystem>
#include <string>

#include <shoal/predictions.hpp>
#include <shoal/tensor_file.hpp>

#include "run/prediction_file.hpp"
#include "run/prediction_order.hpp"

namespace shoal {

/// Writes the predictions as CSV, crash-safely. Throws ResourceError when the file cannot be written.
template <class Real>
void write_prediction_file(const std::filesystem::path& file, const Predictor<Real>& from) {
  constexpr std::size_t piece = std::size_t{1} << 20;  // bytes per write
  write_file(file, [&](const PutText& put) {
    PredictionLines<Real> lines(from.table.columns());
    std::string text = header_of(from.table.columns());
    predict_in_order(from, [&](const PredictionRow<Real>& row) {
      lines.append(row, text);
      if (text.size() < piece) return;
      put(text);
      text.clear();
    });
    put(text);
  });
}

template <class Real>
Predictions predictions_in_memory(const Predictor<Real>& from) {
  Predictions predictions = empty_predictions(from.table.columns());
  predict_in_order(from, [&](const PredictionRow<Real>& row) { append_row(row, predictions); });
  return predictions;
}

}  // namespace shoal
