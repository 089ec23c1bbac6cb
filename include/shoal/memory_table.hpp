// SPDX-License-Identifier: Apache-2.0
// Tables in memory: columns of numbers or of text become a source of tasks by the rules of tables in files.
//
//   const std::vector<shoal::TableColumn> table = {
//       shoal::TableColumn::of_texts("client", clients),           // std::vector<std::string>
//       shoal::TableColumn::borrow_numbers("income", income),      // std::vector<double>, not copied
//       shoal::TableColumn::own_numbers("defaulted", {0, 1, 0, 1})};
//   const auto tasks = shoal::make_table_source(
//       table, {.key = {"client"}, .features = {"income"}, .targets = {"defaulted"}},
//       shoal::TargetType::real, 7);
//
// A table in memory gives the tasks, ids, splits, scalers and bits of the CSV file that has these cells: of a
// text its text, of a number the digits that name it (the whole numbers within 2^63 in full, others in the
// fewest digits that read back to them), of a missing value nothing. So text that reads as numbers is numbers
// where numbers are asked for, keys are text, and NaN is a missing value. Messages name column and row, the
// first of which is row 0: "table row 17: column "income": ...".
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <shoal/table_source.hpp>

namespace shoal {

/// One column of a table in memory. Copies share the memory.
///
/// `missing`, where it is given, has one entry per row; the value of a row whose entry is not 0 is missing,
/// whatever the column holds there. The borrow_ functions copy no row: the memory must stay as it is while a
/// copy of the column or a source made of it is in use, and `owner`, where it is given, is kept so long. All
/// of them throw DataError when the name is not UTF-8, the mask has other rows than the column, or a code is
/// none of the levels.
class TableColumn {
 public:
  /// Numbers [rows]; NaN is missing.
  static TableColumn borrow_numbers(std::string name, std::span<const double> values,
                                    std::span<const std::uint8_t> missing = {},
                                    std::shared_ptr<const void> owner = nullptr);
  static TableColumn own_numbers(std::string name, std::vector<double> values,
                                 std::vector<std::uint8_t> missing = {});
  /// Text: codes [rows], each the place of the row's text in `levels`, or -1: missing. Levels may repeat or
  /// be unused; their order does not matter.
  static TableColumn borrow_codes(std::string name, std::span<const std::int32_t> codes,
                                  std::vector<std::string> levels, std::span<const std::uint8_t> missing = {},
                                  std::shared_ptr<const void> owner = nullptr);
  static TableColumn own_codes(std::string name, std::vector<std::int32_t> codes,
                               std::vector<std::string> levels, std::vector<std::uint8_t> missing = {});
  /// Text, row by row (copied); an empty text is missing.
  static TableColumn of_texts(std::string name, std::span<const std::string> texts);

  const std::string& name() const { return name_; }
  std::size_t rows() const { return holds_numbers() ? numbers_.size() : codes_.size(); }
  bool holds_numbers() const { return levels_ == nullptr; }
  std::span<const double> numbers() const { return numbers_; }         ///< [rows]; empty for text
  std::span<const std::int32_t> codes() const { return codes_; }       ///< [rows]; empty for numbers
  const std::vector<std::string>& levels() const { return *levels_; }  ///< for text alone
  /// Whether the mask says so, or a code of -1, or NaN.
  bool is_missing(std::size_t row) const;

 private:
  TableColumn() = default;
  void check() const;

  std::string name_;
  std::span<const double> numbers_;
  std::span<const std::int32_t> codes_;
  std::shared_ptr<const std::vector<std::string>> levels_;  ///< null: numbers
  std::span<const std::uint8_t> missing_;
  std::shared_ptr<const void> owner_;
};

/// Tasks out of columns in memory, in any order and with others beside those that the options name. A column
/// named `$file` (file_column) stands for the names of files. The options' path says nothing, nor does what
/// their format says of the text of numbers where a column holds numbers; missing words count, as in .npy.
/// Throws DataError naming column and row, InvalidArgument for options that cannot be.
std::unique_ptr<TableSource> make_table_source(std::span<const TableColumn> table,
                                               const TableOptions& options, const TargetType& target,
                                               std::uint64_t seed);
/// Applies a model's own preprocessing to columns in memory, as its namesake does to files.
std::unique_ptr<TableSource> make_table_source(std::span<const TableColumn> table,
                                               const TableOptions& options,
                                               const Preprocessing& preprocessing, const TargetType& target,
                                               TargetsNeeded needed, Phases phases, std::uint64_t seed);

}  // namespace shoal
