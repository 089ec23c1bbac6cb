// SPDX-License-Identifier: Apache-2.0
// TargetColumns: from a table's target columns to the targets of tasks: numbers in the domain of the loss,
// two words as 0 and 1, names of classes as labels, scaling.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <shoal/table_source.hpp>

#include "data/column_store.hpp"

namespace shoal {

class TargetColumns {
 public:
  /// What to ask a ColumnStore for. `known`: the preprocessing of a trained model, or null.
  static std::vector<ColumnRequest> requests(const TableOptions& options, const TargetType& type,
                                             const Preprocessing* known);

  /// `present`: whether the table has the columns. `table` and `options` must outlive this.
  TargetColumns(const ColumnStore& table, const TableOptions& options, const TargetType& type,
                const Preprocessing* known, bool present);

  /// The columns, in the order of the options; none when the table has none.
  const std::vector<const Column*>& columns() const { return columns_; }

  /// Learns labels or words from the table and scaling from the rows that are set. Throws DataError naming
  /// the place when tasks.positive does not fit the values of the table, and when scaling overflows.
  void fit(Preprocessing& preprocessing, const std::vector<bool>& fit_rows) const;
  /// Takes labels, words and scaling from a preprocessing.
  void apply(const Preprocessing& preprocessing);
  /// Throws DataError naming file, line, column and value of the first target, among the rows that are set,
  /// that the loss or the model cannot take. Missing ones are none.
  void require(const std::vector<bool>& rows) const;

  /// Target `column` of a row, scaled; NaN where there is none.
  double value(std::size_t row, std::size_t column) const;
  /// The label of a row; 0 where there is none.
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
  std::vector<std::string> names_;  ///< of the model's classes, or its two words; empty: targets are numbers
  std::vector<std::vector<std::int64_t>> class_of_level_;  ///< per column: place among names_, or -1
  TargetUnits units_;
};

}  // namespace shoal
