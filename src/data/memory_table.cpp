// SPDX-License-Identifier: Apache-2.0
#include <shoal/memory_table.hpp>

#include <cmath>
#include <limits>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/tensor_file.hpp>

#include "core/float_environment.hpp"
#include "data/level_index.hpp"
#include "data/memory_columns.hpp"
#include "data/table_source.hpp"
#include "data/utf8.hpp"

namespace shoal {
namespace {

/// Missing numbers are one NaN.
std::string hash_of_numbers(const TableColumn& column) {
  std::vector<double> numbers(column.numbers().begin(), column.numbers().end());
  for (std::size_t row = 0; row < numbers.size(); ++row)
    if (column.is_missing(row)) numbers[row] = std::numeric_limits<double>::quiet_NaN();
  return sha256(std::as_bytes(std::span(numbers)));
}

/// Every text has its length in front, a missing one is "-".
std::string hash_of_texts(const TableColumn& column) {
  std::string texts;
  for (std::size_t row = 0; row < column.rows(); ++row) {
    if (column.is_missing(row)) {
      texts += "-";
      continue;
    }
    const std::string& text = column.levels()[static_cast<std::size_t>(column.codes()[row])];
    texts += std::to_string(text.size()) + ":" + text;
  }
  return sha256(texts);
}

/// The memory of a column that was made by an own_ function.
template <class Value>
struct ColumnMemory {
  std::vector<Value> values;
  std::vector<std::uint8_t> missing;
};

}  // namespace

TableColumn TableColumn::borrow_numbers(std::string name, std::span<const double> values,
                                        std::span<const std::uint8_t> missing,
                                        std::shared_ptr<const void> owner) {
  TableColumn column;
  column.name_ = std::move(name);
  column.numbers_ = values;
  column.missing_ = missing;
  column.owner_ = std::move(owner);
  column.check();
  return column;
}

TableColumn TableColumn::own_numbers(std::string name, std::vector<double> values,
                                     std::vector<std::uint8_t> missing) {
  using Memory = ColumnMemory<double>;
  const auto memory = std::make_shared<const Memory>(Memory{std::move(values), std::move(missing)});
  return borrow_numbers(std::move(name), memory->values, memory->missing, memory);
}

TableColumn TableColumn::borrow_codes(std::string name, std::span<const std::int32_t> codes,
                                      std::vector<std::string> levels, std::span<const std::uint8_t> missing,
                                      std::shared_ptr<const void> owner) {
  TableColumn column;
  column.name_ = std::move(name);
  column.codes_ = codes;
  column.levels_ = std::make_shared<const std::vector<std::string>>(std::move(levels));
  column.missing_ = missing;
  column.owner_ = std::move(owner);
  column.check();
  return column;
}

TableColumn TableColumn::own_codes(std::string name, std::vector<std::int32_t> codes,
                                   std::vector<std::string> levels, std::vector<std::uint8_t> missing) {
  using Memory = ColumnMemory<std::int32_t>;
  const auto memory = std::make_shared<const Memory>(Memory{std::move(codes), std::move(missing)});
  return borrow_codes(std::move(name), memory->values, std::move(levels), memory->missing, memory);
}

TableColumn TableColumn::of_texts(std::string name, std::span<const std::string> texts) {
  std::vector<std::int32_t> codes;
  std::vector<std::string> levels;
  LevelIndex level_of;
  codes.reserve(texts.size());
  for (const std::string& text : texts) codes.push_back(text.empty() ? -1 : level_of.place_of(text, levels));
  return own_codes(std::move(name), std::move(codes), std::move(levels));
}

void TableColumn::check() const {
  const std::string where = "column " + quoted_text(name_);
  if (!is_utf8(name_)) throw DataError(where + ": its name is not UTF-8");
  if (!missing_.empty() && missing_.size() != rows())
    throw DataError(where + ": its missing mask has " + std::to_string(missing_.size()) + " entries for " +
                    std::to_string(rows()) + " rows");
  for (std::size_t row = 0; row < codes_.size(); ++row)
    if (codes_[row] < -1 || (codes_[row] >= 0 && static_cast<std::size_t>(codes_[row]) >= levels_->size()))
      throw DataError("row " + std::to_string(row) + ": " + where + ": code " + std::to_string(codes_[row]) +
                      " is none of its " + std::to_string(levels_->size()) +
                      " levels: they are numbered from 0, and -1 means missing");
}

bool TableColumn::is_missing(std::size_t row) const {
  if (!missing_.empty() && missing_[row] != 0) return true;
  return holds_numbers() ? std::isnan(numbers_[row]) : codes_[row] < 0;
}

std::string sha256_of_table(std::span<const TableColumn> table) {
  std::string lines;
  for (const TableColumn& column : table)
    lines +=
        (column.holds_numbers() ? "numbers " + hash_of_numbers(column) : "texts " + hash_of_texts(column)) +
        " " + column.name() + "\n";
  return sha256(lines);
}

std::unique_ptr<TableSource> make_table_source(std::span<const TableColumn> table,
                                               const TableOptions& options, const TargetType& target,
                                               std::uint64_t seed, Sampling sampling) {
  const FloatEnvironment environment;
  return build_table_source(std::make_unique<MemoryColumns>(table, options.format), options, target, seed,
                            sampling);
}

std::unique_ptr<TableSource> make_table_source(std::span<const TableColumn> table,
                                               const TableOptions& options,
                                               const Preprocessing& preprocessing, const TargetType& target,
                                               TargetsNeeded needed, Phases phases, std::uint64_t seed) {
  const FloatEnvironment environment;
  return build_table_source(std::make_unique<MemoryColumns>(table, options.format), options, preprocessing,
                            target, needed, phases, seed);
}

}  // namespace shoal
