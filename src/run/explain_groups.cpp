// SPDX-License-Identifier: Apache-2.0
#include "run/explain_groups.hpp"

#include <map>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/explain.hpp>
#include <shoal/nearest_name.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/table_series.hpp>

namespace shoal {
namespace {

/// Names of columns: features, which have one or more inputs, and inputs.
struct Columns {
  std::vector<ExplainGroup> features;
  std::vector<std::string> inputs;
};

Columns columns_of(const std::optional<Preprocessing>& preprocessing, int inputs) {
  Columns columns;
  if (!preprocessing) {
    columns.inputs.reserve(static_cast<std::size_t>(inputs));
    columns.features.reserve(static_cast<std::size_t>(inputs));
    for (int i = 0; i < inputs; ++i) {
      columns.inputs.push_back("input_" + std::to_string(i));
      columns.features.push_back({columns.inputs.back(), {static_cast<std::size_t>(i)}, ""});
    }
    return columns;
  }
  columns.inputs = preprocessing->inputs;
  std::size_t place = 0;
  for (const std::string& name : preprocessing->options.features) {
    ExplainGroup feature{name, {}, ""};
    const auto levels = preprocessing->categories.find(name);
    const std::size_t first = place;
    place += levels == preprocessing->categories.end() ? 1 : levels->second.size();
    if (levels == preprocessing->categories.end() && place < columns.inputs.size() &&
        preprocessing->kinds[place] == InputKind::indicator)
      ++place;
    for (std::size_t i = first; i < place; ++i) feature.inputs.push_back(i);
    columns.features.push_back(std::move(feature));
  }
  return columns;
}

/// The inputs that a name stands for.
std::vector<std::size_t> inputs_of(const Columns& columns, const std::string& name,
                                   const std::string& where) {
  for (const ExplainGroup& feature : columns.features)
    if (feature.name == name) return feature.inputs;
  for (std::size_t i = 0; i < columns.inputs.size(); ++i)
    if (columns.inputs[i] == name) return {i};
  std::vector<std::string> known = columns.inputs;
  known.reserve(known.size() + columns.features.size());
  for (const ExplainGroup& feature : columns.features) known.push_back(feature.name);
  throw InvalidArgument(where + ": the model has no column " + quoted_text(name) + did_you_mean(name, known));
}

std::vector<ExplainGroup> named_groups(const ExplainConfig& config, const Columns& columns) {
  std::vector<ExplainGroup> groups;
  std::vector<const std::string*> owner(columns.inputs.size(), nullptr);  // of each input: its group's name
  for (const auto& [name, members] : config.groups) {
    const std::string where = "explain.groups." + printable(name);
    ExplainGroup group{name, {}, ""};
    for (const std::string& member : members)
      for (const std::size_t input : inputs_of(columns, member, where)) {
        if (owner[input] == &name) continue;
        if (owner[input])
          throw InvalidArgument(where + ": column " + quoted_text(member) + " is in group " +
                                quoted_text(*owner[input]) + " already");
        owner[input] = &name;
        group.inputs.push_back(input);
      }
    groups.push_back(std::move(group));
  }
  for (std::size_t i = 0; i < owner.size(); ++i)
    if (!owner[i])
      throw InvalidArgument("explain.groups: column " + quoted_text(columns.inputs[i]) + " is in no group");
  return groups;
}

void add_reasons(const std::string& file, std::vector<ExplainGroup>& groups) {
  const auto columns = read_texts(file, {"group", "text"});
  std::map<std::string, std::string> text_of;
  for (std::size_t row = 0; row < columns[0].size(); ++row)
    if (!text_of.emplace(columns[0][row], columns[1][row]).second)
      throw DataError(file + ": group " + quoted_text(columns[0][row]) + " occurs twice");
  for (ExplainGroup& group : groups) {
    group.reason = text_of[group.name];
    if (group.reason.empty()) throw DataError(file + ": group " + quoted_text(group.name) + " has no text");
  }
}

}  // namespace

std::vector<ExplainGroup> explain_groups(const ExplainConfig& config,
                                         const std::optional<Preprocessing>& preprocessing, int inputs) {
  const Columns columns = columns_of(preprocessing, inputs);
  std::vector<ExplainGroup> groups = config.groups.empty() ? columns.features : named_groups(config, columns);
  if (groups.size() > most_explained_groups)
    throw InvalidArgument("explain.groups: " + std::to_string(groups.size()) +
                          (config.groups.empty() ? " features, one group each, are" : " groups are") +
                          " more than the " + std::to_string(most_explained_groups) +
                          " that an output can be divided among");
  if (config.reasons.empty())
    for (ExplainGroup& group : groups) group.reason = group.name;
  else
    add_reasons(config.reasons, groups);
  return groups;
}

}  // namespace shoal
