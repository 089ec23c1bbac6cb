// SPDX-License-Identifier: Apache-2.0
// FeatureMap: computes a model's inputs from a table's columns: one-hot categories, fill values, indicators,
// scaling.
#pragma once

#include <vector>

#include <shoal/table_source.hpp>

#include "data/column_store.hpp"

namespace shoal {

/// Learns input names, scalers, fill values and categories from the rows with `fit_rows` set, those of
/// meta-train tasks.
Preprocessing fit_preprocessing(const ColumnStore& table, const TableOptions& options,
                                const std::vector<bool>& fit_rows);

class FeatureMap {
 public:
  /// The columns must have been requested as text for categories, else as numbers.
  FeatureMap(const ColumnStore& table, const Preprocessing& preprocessing);

  int inputs() const { return static_cast<int>(pieces_.size()); }
  /// Input `i` of a row, after scaling.
  double value(std::size_t row, std::size_t i) const;
  /// Categories of the table, as "column=level", that have no input.
  const std::vector<std::string>& unknown_categories() const { return unknown_categories_; }

 private:
  struct Piece {
    const Column* column;
    InputKind kind;
    std::int32_t code;  ///< code of the level in this table; -2 = the level does not occur
    double mean, deviation, fill;
  };
  std::vector<Piece> pieces_;
  std::vector<std::string> unknown_categories_;
};

}  // namespace shoal
