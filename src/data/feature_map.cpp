// SPDX-License-Identifier: Apache-2.0
#include "data/feature_map.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include <shoal/error.hpp>

#include "data/moments.hpp"

namespace shoal {
namespace {

std::vector<std::string> levels_in(const Column& column, const std::vector<bool>& rows) {
  std::vector<bool> seen(column.levels.size(), false);
  for (std::size_t row = 0; row < rows.size(); ++row)
    if (rows[row] && column.codes[row] >= 0) seen[static_cast<std::size_t>(column.codes[row])] = true;
  std::vector<std::string> levels;
  for (std::size_t level = 0; level < seen.size(); ++level)
    if (seen[level]) levels.push_back(column.levels[level]);
  std::sort(levels.begin(), levels.end());
  return levels;
}

}  // namespace

Preprocessing fit_preprocessing(const ColumnStore& table, const TableOptions& options,
                                const std::vector<bool>& fit_rows) {
  Preprocessing p;
  p.options = options;
  const auto add = [&](const std::string& name, InputKind kind, double mean, double deviation, double fill) {
    p.inputs.push_back(name);
    p.kinds.push_back(kind);
    p.mean.push_back(mean);
    p.deviation.push_back(deviation);
    p.fill.push_back(fill);
  };
  // A category that looks like a number is compared as text: "007" is not "7".
  const std::unordered_set<std::string_view> categorical(options.categorical.begin(),
                                                         options.categorical.end());
  for (const std::string& name : options.features) {
    const Column& column = categorical.contains(name) ? table.text_column(name) : table.column(name);
    if (column.numeric) {
      const Moments moments = moments_of(table, column, fit_rows);
      add(name, InputKind::number, options.scale ? moments.mean : 0.0, options.scale ? moments.scale() : 1.0,
          moments.mean);
      if (moments.deviation == 0.0) p.constant.push_back(name);
      if (options.missing == MissingPolicy::mean && moments.any_missing)
        add(name + "_missing", InputKind::indicator, 0.0, 1.0, 0.0);
    } else {
      p.categories[name] = levels_in(column, fit_rows);
      for (const std::string& level : p.categories[name])
        add(name + "=" + level, InputKind::level, 0.0, 1.0, 0.0);
    }
  }
  if (p.inputs.empty()) throw DataError(table.name() + ": the features give no input column");
  return p;
}

FeatureMap::FeatureMap(const ColumnStore& table, const Preprocessing& p) {
  std::size_t i = 0;
  const auto add = [&](const Column& column, InputKind kind, std::int32_t code) {
    if (i >= p.inputs.size() || p.kinds[i] != kind)
      throw ModelError("preprocessing: its inputs differ from those that its features give");
    pieces_.push_back({&column, kind, code, p.mean[i], p.deviation[i], p.fill[i]});
    ++i;
  };
  for (const std::string& name : p.options.features) {
    const auto categories = p.categories.find(name);
    if (categories == p.categories.end()) {
      const Column& column = table.column(name);
      add(column, InputKind::number, 0);
      if (i < p.inputs.size() && p.kinds[i] == InputKind::indicator) add(column, InputKind::indicator, 0);
      continue;
    }
    const Column& column = table.text_column(name);
    std::unordered_map<std::string_view, std::int32_t> code_of;
    for (const std::string& level : column.levels)
      code_of.emplace(level, static_cast<std::int32_t>(code_of.size()));
    const std::unordered_set<std::string_view> known(categories->second.begin(), categories->second.end());
    for (const std::string& level : column.levels)
      if (!known.contains(level)) unknown_categories_.push_back(name + "=" + level);
    for (const std::string& level : categories->second) {
      const auto at = code_of.find(level);
      add(column, InputKind::level, at == code_of.end() ? -2 : at->second);
    }
  }
  if (i != p.inputs.size()) throw ModelError("preprocessing: more inputs than its features need");
}

double FeatureMap::value(std::size_t row, std::size_t i) const {
  const Piece& piece = pieces_[i];
  switch (piece.kind) {
    case InputKind::level:
      return piece.column->codes[row] == piece.code ? 1.0 : 0.0;
    case InputKind::indicator:
      return piece.column->is_missing(row) ? 1.0 : 0.0;
    case InputKind::number:
      break;
  }
  const double value = piece.column->is_missing(row) ? piece.fill : piece.column->numbers[row];
  return (value - piece.mean) / piece.deviation;
}

}  // namespace shoal
