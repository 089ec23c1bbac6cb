// SPDX-License-Identifier: Apache-2.0
#include "report/model_lines.hpp"

#include <limits>

#include <nlohmann/json.hpp>

#include <shoal/error.hpp>

namespace shoal::report {
namespace {

using Json = nlohmann::ordered_json;

std::optional<double> number_in(const Json& value) {
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

/// The numbers of an object by name; the levels of quantiles become one each, as named_values has them.
std::vector<NamedValue> named_numbers(const Json& object) {
  std::vector<NamedValue> values;
  for (const auto& [name, value] : object.items()) {
    if (name == "rows" || name == "positives" || name == "keys") continue;
    if (value.is_number() || value.is_null()) values.emplace_back(name, number_in(value));
    if (name != "levels" || !value.is_array()) continue;
    for (const Json& level : value)
      for (const char* of_level : {"coverage", "tick", "kupiec_p"})
        values.emplace_back(std::string(of_level) + "_" + level.at("level").dump(),
                            number_in(level.at(of_level)));
  }
  return values;
}

ModelLine line_in(const Json& json) {
  ModelLine line;
  line.name = json.at("name").get<std::string>();
  line.steps = json.at("steps").is_null() ? std::nullopt : std::optional(json.at("steps").get<int>());
  line.selected = json.at("selected").get<bool>();
  line.tasks = json.at("tasks").get<std::int64_t>();
  line.rows = json.at("rows").get<std::int64_t>();
  line.metrics = named_numbers(json.at("metrics"));
  if (const auto macro = json.find("macro"); macro != json.end() && macro->is_object()) {
    line.keys = macro->at("keys").get<std::int64_t>();
    line.macro = named_numbers(*macro);
  }
  line.loss = number_in(json.at("loss")).value_or(std::numeric_limits<double>::quiet_NaN());
  line.half_width = number_in(json.at("half_width")).value_or(std::numeric_limits<double>::quiet_NaN());
  line.interval = json.at("interval").get<std::string>();
  for (const auto& [other, difference] : json.at("against").items())
    line.against.push_back(
        {other,
         {.mean = number_in(difference.at("mean")).value_or(std::numeric_limits<double>::quiet_NaN()),
          .t = number_in(difference.at("t")),
          .p = number_in(difference.at("p"))}});
  return line;
}

}  // namespace

std::vector<ModelLine> models_in(const std::string& json, const std::string& name) {
  try {
    std::vector<ModelLine> lines;
    for (const Json& line : Json::parse(json)) lines.push_back(line_in(line));
    return lines;
  } catch (const Json::exception&) {
    throw DataError(name + ": the entry \"models\" is not what shoal backtest writes there");
  }
}

}  // namespace shoal::report
