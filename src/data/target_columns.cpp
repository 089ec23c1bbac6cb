// SPDX-License-Identifier: Apache-2.0
#include "data/target_columns.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "data/moments.hpp"
#include "data/timeline.hpp"

namespace shoal {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// A whole number of any length: its sign, and its digits without leading zeros.
struct WholeNumber {
  bool negative = false;
  std::string_view digits;

  static std::optional<WholeNumber> in(std::string_view text) {
    WholeNumber number;
    number.negative = text.starts_with('-');
    number.digits = text.substr(number.negative ? 1 : 0);
    if (number.digits.empty() || number.digits.find_first_not_of("0123456789") != std::string_view::npos)
      return std::nullopt;
    number.digits.remove_prefix(std::min(number.digits.find_first_not_of('0'), number.digits.size()));
    number.negative = number.negative && !number.digits.empty();
    return number;
  }
  auto magnitude() const { return std::pair(digits.size(), digits); }
  bool operator<(const WholeNumber& other) const {
    if (negative != other.negative) return negative;
    return negative ? other.magnitude() < magnitude() : magnitude() < other.magnitude();
  }
};

/// Sorts labels: by value when all are whole numbers, else as text.
std::vector<std::string> sorted_labels(std::vector<std::string> labels) {
  std::vector<std::pair<WholeNumber, std::string_view>> numbers;
  for (const std::string& label : labels)
    if (const auto number = WholeNumber::in(label)) numbers.emplace_back(*number, label);
  if (numbers.size() < labels.size()) {
    std::sort(labels.begin(), labels.end());
    return labels;
  }
  std::sort(numbers.begin(), numbers.end(), [](const auto& a, const auto& b) {
    return a.first < b.first || (!(b.first < a.first) && a.second < b.second);
  });
  std::vector<std::string> sorted;
  sorted.reserve(numbers.size());
  for (const auto& [number, label] : numbers) sorted.emplace_back(label);
  return sorted;
}

/// Checks the target also as a float, because rounding may move it out of the domain.
bool in_domain(const TargetDomain& domain, double target) {
  const auto narrow = static_cast<double>(static_cast<float>(target));
  return std::isfinite(narrow) && domain.has(target) && domain.has(narrow);
}

/// Decides whether targets are scaled, and by what (TableOptions::scale_targets).
TargetUnits units_for(const std::vector<Moments>& moments, ScaleTargets choice, TargetScaling scaling) {
  constexpr double least = 0.1, most = 10.0;
  const bool far = std::any_of(moments.begin(), moments.end(),
                               [&](const Moments& m) { return m.deviation < least || m.deviation > most; });
  if (choice == ScaleTargets::off || (choice == ScaleTargets::automatic && !far)) return {};
  TargetUnits units;
  double variance = 0.0;
  for (const Moments& m : moments) {
    units.mean.push_back(m.mean);
    units.deviation.push_back(m.scale());
    variance += m.deviation * m.deviation / static_cast<double>(moments.size());
  }
  if (scaling == TargetScaling::shared && moments.size() > 1)
    std::fill(units.deviation.begin(), units.deviation.end(), variance > 0.0 ? std::sqrt(variance) : 1.0);
  return units;
}

}  // namespace

std::vector<ColumnRequest> TargetColumns::requests(const TableOptions& options, const TargetType& type,
                                                   const Preprocessing* known) {
  const bool names = type.labels || !options.positive.empty();
  std::vector<ColumnRequest> wanted;
  for (const std::string& name : options.targets)
    wanted.push_back(request_for(name,
                                 names                  ? ColumnType::text
                                 : type.words && !known ? ColumnType::detect  // require() reports words
                                                        : ColumnType::number,
                                 "tasks.targets"));
  return wanted;
}

TargetColumns::TargetColumns(const ColumnStore& table, const TableOptions& options, const TargetType& type,
                             const Preprocessing* known, bool present)
    : table_(table), options_(options), type_(type), known_(known != nullptr) {
  const bool names = type.labels || !options.positive.empty();
  for (const std::string& name : options.targets)
    if (present) columns_.push_back(names ? &table.text_column(name) : &table.column(name));
}

void TargetColumns::fit(Preprocessing& preprocessing, const std::vector<bool>& fit_rows) const {
  if (type_.labels) {
    require_class_names(*columns_[0]);
    preprocessing.labels = sorted_labels(columns_[0]->levels);
  } else if (!options_.positive.empty()) {
    preprocessing.labels = negative_and_positive();
  } else if (type_.scaling != TargetScaling::none && options_.scale_targets != ScaleTargets::off) {
    std::vector<Moments> moments;
    for (const Column* column : columns_) moments.push_back(moments_of(table_, *column, fit_rows));
    preprocessing.target_units = units_for(moments, options_.scale_targets, type_.scaling);
  }
}

/// Requires that a class has one name: a word, or a whole number that is always written in the same way.
/// Other numbers are quantities.
void TargetColumns::require_class_names(const Column& column) const {
  std::unordered_map<double, std::int32_t> level_of_number;
  const auto row_of = [&](std::int32_t level) {
    const auto row = std::find(column.codes.begin(), column.codes.end(), level);
    return static_cast<std::size_t>(row - column.codes.begin());
  };
  for (std::int32_t level = 0; level < static_cast<std::int32_t>(column.levels.size()); ++level) {
    const std::string& name = column.levels[static_cast<std::size_t>(level)];
    double number = 0.0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (end != name.data() + name.size() || error != std::errc() || !std::isfinite(number)) continue;
    if (number != std::floor(number))
      refuse(column, row_of(level),
             quoted_text(name) +
                 " is not a name of a class: whole numbers and words are; for the prediction of "
                 "a quantity, set loss.name = \"mse\"");
    // 2^53: below, different whole numbers are different doubles
    constexpr double exact = 9007199254740992.0;
    const auto [at, added] = level_of_number.emplace(number, level);
    if (!added && std::abs(number) < exact)
      refuse(column, row_of(level),
             quoted_text(name) + " and " + quoted_text(column.levels[static_cast<std::size_t>(at->second)]) +
                 " are one number: write a class in one way");
  }
}

/// The two values of the targets; the one that tasks.positive names comes second.
std::vector<std::string> TargetColumns::negative_and_positive() const {
  const std::string& positive = options_.positive;
  const std::string key = "tasks.positive = " + quoted_text(positive);
  std::optional<std::string> negative;
  bool there = false;
  std::optional<std::pair<std::size_t, const Column*>> first;
  for (std::size_t row = 0; row < table_.rows(); ++row)
    for (const Column* column : columns_) {
      if (column->is_missing(row)) continue;
      if (!first) first.emplace(row, column);
      const std::string& value = column->levels[static_cast<std::size_t>(column->codes[row])];
      there = there || value == positive;
      if (value == positive || value == negative) continue;
      if (negative)
        refuse(*column, row,
               quoted_text(value) + " is a third value beside " + quoted_text(*negative) + ", and " + key +
                   "; a target of loss bce has two values");
      negative = value;
    }
  if (!first)
    throw DataError(table_.name() + ": column " + quoted_text(options_.targets[0]) +
                    " has no value in any row");
  if (!there)
    refuse(*first->second, first->first,
           quoted_text(*negative) + " is the only value; " + key + " is none of the column");
  if (!negative) refuse(*first->second, first->first, key + " is the only value; loss bce needs two");
  return {*negative, positive};
}

void TargetColumns::apply(const Preprocessing& preprocessing) {
  units_ = preprocessing.target_units;
  names_ = preprocessing.labels;
  class_of_level_.clear();
  if (names_.empty() && type_.labels)
    throw ModelError("preprocessing: has no labels, but the loss of the model has classes");
  if (names_.empty()) return;
  if (!type_.labels && options_.positive.empty())
    throw ModelError("preprocessing: has labels, but the loss of the model has no classes");
  std::unordered_map<std::string, std::int64_t> places;
  for (const std::string& name : names_) places.emplace(name, places.size());
  for (const Column* column : columns_) {
    std::vector<std::int64_t>& place_of = class_of_level_.emplace_back();
    for (const std::string& level : column->levels) {
      const auto at = places.find(level);
      place_of.push_back(at == places.end() ? -1 : at->second);
    }
  }
}

void TargetColumns::refuse(const Column& column, std::size_t row, const std::string& why) const {
  throw DataError(table_.location(row) + ": column " + quoted_text(column.name) + ": " + why);
}

void TargetColumns::require(const std::vector<bool>& rows) const {
  for (std::size_t row = 0; row < rows.size(); ++row)
    for (std::size_t c = 0; c < columns_.size() && rows[row]; ++c) {
      const Column& column = *columns_[c];
      if (column.is_missing(row)) continue;
      const bool taken = !names_.empty()
                             ? class_of_level_[c][static_cast<std::size_t>(column.codes[row])] >= 0
                             : column.numeric && in_domain(type_.domain, column.numbers[row]);
      if (!taken) refuse(column, row, why_refused(column, row));
    }
}

std::string TargetColumns::why_refused(const Column& column, std::size_t row) const {
  const std::string text = value_text(column, row);
  if (type_.labels) return "label " + quoted_text(text) + " did not occur in training";
  if (!names_.empty())
    return quoted_text(text) + " is neither " + quoted_text(names_[0]) + " nor " + quoted_text(names_[1]) +
           ", the two values that the model was trained with";
  if (!column.numeric) return quoted_text(text) + " is not a number" + how_to_recode(column);
  const double target = column.numbers[row];
  if (std::isfinite(target) && !std::isfinite(static_cast<float>(target)))
    return text + " is beyond the range of single precision; write the column in another unit";
  if (type_.domain.has(target))
    return text + " is rounded to single precision and then " + std::string(type_.domain.fault) +
           "; write the column in another unit";
  return type_.domain.refusal(target, text) + how_to_recode(column);
}

/// Advice for a column that has two values other than 0 and 1.
std::string TargetColumns::how_to_recode(const Column& column) const {
  if (!type_.words || known_) return "";
  std::vector<std::string> values;
  for (std::size_t row = 0; row < table_.rows() && values.size() < 3; ++row)
    if (!column.is_missing(row))
      if (const std::string text = value_text(column, row);
          std::find(values.begin(), values.end(), text) == values.end())
        values.push_back(text);
  if (values.size() != 2)
    return column.numeric ? "" : "; loss bce takes numbers, or two words (tasks.positive)";
  std::sort(values.begin(), values.end());
  return "; the column holds " + quoted_text(values[0]) + " and " + quoted_text(values[1]) +
         ": name the one that counts as 1, e.g. tasks.positive = " +
         toml_text(values[column.numeric ? 1 : 0]);
}

double TargetColumns::value(std::size_t row, std::size_t c) const {
  if (columns_.empty() || columns_[c]->is_missing(row)) return nan;
  const Column& column = *columns_[c];
  if (!names_.empty()) {
    const std::int64_t place = class_of_level_[c][static_cast<std::size_t>(column.codes[row])];
    return place < 0 ? nan : static_cast<double>(place);
  }
  if (!column.numeric) return nan;
  const double target = column.numbers[row];
  return units_.scale() ? (target - units_.mean[c]) / units_.deviation[c] : target;
}

std::int64_t TargetColumns::label(std::size_t row) const {
  if (columns_.empty() || columns_[0]->is_missing(row)) return 0;
  return std::max<std::int64_t>(0, class_of_level_[0][static_cast<std::size_t>(columns_[0]->codes[row])]);
}

}  // namespace shoal
