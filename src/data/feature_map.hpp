// SPDX-License-Identifier: Apache-2.0
// FeatureMap: from a table's columns to a model's inputs: one-hot categories, filling, indicators, scaling.
#pragma once

#include <vector>

#include <shoal/table_source.hpp>

#include "data/column_store.hpp"

namespace shoal {

/// Learns names, scalers, fill values and categories from the rows with `fit_rows` set (the rows of
/// meta-train tasks).
Preprocessing fit_preprocessing(const ColumnStore& table, const TableOptions& options,
                                const std::vector<bool>& fit_rows);

class FeatureMap {
 public:
  /// Throws DataError when a column's type is not what the preprocessing was fitted on.
  FeatureMap(const ColumnStore& table, const Preprocessing& preprocessing);

  int inputs() const { return static_cast<int>(pieces_.size()); }
  /// Input `i` of a row, scaled.
  double value(std::size_t row, std::size_t i) const;

 private:
  enum class Kind { number, level, indicator };
  struct Piece {
    const Column* column;
    Kind kind;
    std::int32_t code;  ///< of the level in this table; -2 = it never occurs
    double mean, deviation, fill;
  };
  std::vector<Piece> pieces_;
};

}  // namespace shoal
