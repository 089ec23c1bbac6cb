// SPDX-License-Identifier: Apache-2.0
// TargetColumns: computes the targets of tasks from a table's target columns: numbers in the domain of the
// loss, two words as 0 and 1, class names as labels, and scaling.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <shoal/table_source.hpp>

#include "data/column_store.hpp"

namespace shoal {

class TargetColumns {
 public:
  /// The requests for a ColumnStore. `known` is the preprocessing of a trained model, or null.
  static std::vector<ColumnRequest> requests(const TableOptions& options, const TargetType& type,
                                             const Preprocessing* known);

  /// `present` says whether the table has the columns. `table` and `options` must outlive this object.
  TargetColumns(const ColumnStore& table, const TableOptions& options, const TargetType& type,
                const Preprocessing* known, bool present);

  /// The columns in the order of the options; empty when the table has none.
  const std::vector<const Column*>& columns() const { return columns_; }

  /// Learns labels or words from the table, and scaling from the rows that are set. Throws DataError, naming
  /// the location, when tasks.positive is not one of two values of the column, and when scaling overflows.
  void fit(Preprocessing& preprocessing, const std::vector<bool>& fit_rows) const;
  /// Takes labels, words and scaling from the preprocessing of a trained model.
  void apply(const Preprocessing& preprocessing);
  /// Throws DataError, naming file, line, column and value, for the first target in the rows that are set
  /// that the loss or the model does not accept. Missing targets are skipped.
  void require(const std::vector<bool>& rows) const;

  /// Target `column` of a row, after scaling; NaN when it is missing.
  double value(std::size_t row, std::size_t column) const;
  /// The label of a row; 0 when it is missing.
  std::int64_t label(std::size_t row) const;

 private:
  std::vector<std::string> negative_and_positive() const;
  void require_class_names(const Column& column) const;
  std::string why_refused(const Column& column, std::size_t row) const;
  std::string how_to_recode(const Column& column) const;
  [[noreturn]] void refuse(const Column& column, std::size_t row, const std::string& why) const;

  const ColumnStore& table_;
  const TableOptions& options_;
  TargetType type_;
  bool known_;
  std::vector<const Column*> columns_;
  std::vector<std::string> names_;  ///< the model's classes, or its two words; empty: targets are numbers
  std::vector<std::vector<std::int64_t>> class_of_level_;  ///< [columns][levels] index in names_, or -1
  TargetUnits units_;
};

}  // namespace shoal
