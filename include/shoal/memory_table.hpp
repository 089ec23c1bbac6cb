// SPDX-License-Identifier: Apache-2.0
// Tables in memory: make_table_source turns columns of numbers or texts into tasks, by the rules for tables
// in files.
//
// Example:
//
//   #include <string>
//   #include <vector>
//
//   const std::vector<std::string> clients = {"a", "a", "b", "b"};
//   const std::vector<double> income = {1.5, 2.0, 0.5, 1.0};  // borrowed, so it must outlive the source
//   const std::vector<shoal::TableColumn> table = {
//       shoal::TableColumn::of_texts("client", clients),
//       shoal::TableColumn::borrow_numbers("income", income),
//       shoal::TableColumn::own_numbers("defaulted", {0, 1, 0, 1})};
//   const auto table_tasks = shoal::make_table_source(
//       table, {.key = {"client"}, .features = {"income"}, .targets = {"defaulted"}, .support = 1},
//       shoal::TargetType::real, 7);
//
// A table in memory gives the same tasks, ids, splits, scalers and bits as a CSV file with these cells: a
// text is its own cell; a number becomes the digits that identify it (whole numbers up to 2^63 in full,
// others the fewest digits that read back to the same number); a missing value is an empty cell. So texts
// that look like numbers are numbers where numbers are needed, keys are texts, and NaN is a missing value.
// Messages name column and row; the first row is row 0: "table row 17: column "income": ...".
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
/// `missing`, where it is given, has one entry per row. A value whose entry is not 0 is missing, whatever the
/// column contains in that row. The borrow_ functions copy no row: the memory must not change while a copy of
/// the column, or a source made of it, is in use. They keep `owner`, where it is given, for as long. All
/// functions throw DataError when the name is not UTF-8, when mask and column have different numbers of rows,
/// or when a code is not the index of a level.
class TableColumn {
 public:
  /// Numbers [rows]; NaN is missing.
  static TableColumn borrow_numbers(std::string name, std::span<const double> values,
                                    std::span<const std::uint8_t> missing = {},
                                    std::shared_ptr<const void> owner = nullptr);
  static TableColumn own_numbers(std::string name, std::vector<double> values,
                                 std::vector<std::uint8_t> missing = {});
  /// Text: each of codes [rows] is the index of the row's text in `levels`, or -1 for a missing value. Levels
  /// may repeat or be unused; their order does not matter.
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
  /// Whether the value of the row is missing: the mask says so, or it is a code of -1 or a NaN.
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

/// SHA-256 of a table's names, numbers and texts, in the order of its columns and rows. Missing values are
/// alike, whatever their column holds there.
std::string sha256_of_table(std::span<const TableColumn> table);

/// Makes a source of columns in memory, in any order; columns that the options do not name are ignored. A
/// column named `$file` (file_column) holds names of files. The path of the options is ignored, and where a
/// column holds numbers, so is what the format says about the text of numbers; missing words still apply, as
/// for .npy. Throws DataError, naming column and row, and InvalidArgument for options that contradict each
/// other.
std::unique_ptr<TableSource> make_table_source(std::span<const TableColumn> table,
                                               const TableOptions& options, const TargetType& target,
                                               std::uint64_t seed, Sampling sampling = Sampling::tasks);
/// Applies the preprocessing of a trained model to columns in memory, as the function for files does.
std::unique_ptr<TableSource> make_table_source(std::span<const TableColumn> table,
                                               const TableOptions& options,
                                               const Preprocessing& preprocessing, const TargetType& target,
                                               TargetsNeeded needed, Phases phases, std::uint64_t seed);

}  // namespace shoal
