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
  /// The columns must have been asked for as the preprocessing needs them: categories as text, else numbers.
  FeatureMap(const ColumnStore& table, const Preprocessing& preprocessing);

  int inputs() const { return static_cast<int>(pieces_.size()); }
  /// Input `i` of a row, scaled.
  double value(std::size_t row, std::size_t i) const;
  /// "column=level" of the table that no input stands for.
  const std::vector<std::string>& unknown_categories() const { return unknown_categories_; }

 private:
  struct Piece {
    const Column* column;
    InputKind kind;
    std::int32_t code;  ///< of the level in this table; -2 = it never occurs
    double mean, deviation, fill;
  };
  std::vector<Piece> pieces_;
  std::vector<std::string> unknown_categories_;
};

}  // namespace shoal
