// SPDX-License-Identifier: Apache-2.0
#include "report/backtest_json.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <nlohmann/json.hpp>

#include <shoal/config.hpp>
#include <shoal/data_report.hpp>
#include <shoal/error.hpp>

#include "config/config_file.hpp"
#include "report/model_lines.hpp"

namespace shoal::report {
namespace {

using Json = nlohmann::ordered_json;

std::optional<double> number_in(const Json& value) {
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

/// An optional field: nothing when it is missing or null.
template <class T>
std::optional<T> field(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return std::nullopt;
  return found->get<T>();
}

std::string text_in(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

/// The line of a seed that adapts as it is used: the selected one, else the last with steps.
const Json& line_in_use(const Json& models) {
  const Json* found = &models.at(0);
  for (const Json& line : models) {
    if (field<int>(line, "steps")) found = &line;
    if (field<bool>(line, "selected").value_or(false)) return line;
  }
  return *found;
}

/// Reads one entry. What the JSON library throws about it names neither the file nor the entry.
template <class Read>
void read_entry(const std::string& file, const char* entry, const Read& read) {
  try {
    read();
  } catch (const Json::exception&) {
    throw DataError(file + ": the entry \"" + entry +
                    "\" is missing, or is not what shoal backtest writes there");
  }
}

void read_folds(const Json& folds, Evidence& evidence) {
  for (const Json& fold : folds.get_ref<const Json::array_t&>()) {
    FoldFacts facts;
    const auto keys = fold.get_ref<const Json::object_t&>().find("keys");
    if (keys != fold.get_ref<const Json::object_t&>().end() && keys->second.is_array())
      facts.keys = std::ssize(keys->second);
    facts.fold = text_in(fold, "name");
    facts.from = text_in(fold, "from");
    facts.to = text_in(fold, "to");
    facts.train_from = text_in(fold, "train_from");
    facts.validation_from = text_in(fold, "validation_from");
    facts.rows = field<std::int64_t>(fold, "rows").value_or(0);
    const Json none = Json::array({Json::object()});
    const auto found = fold.find("seeds");
    for (const Json& seed : found != fold.end() && found->is_array() && !found->empty() ? *found : none) {
      FoldFacts one = facts;
      const Json& from = seed.is_object() && !seed.empty() ? seed : fold;
      one.seed = seed.is_object() ? text_in(seed, "seed") : seed.dump();
      one.selected_iteration = field<std::int64_t>(from, "selected_iteration");
      one.validation_loss = field<double>(from, "validation_loss");
      one.selected_steps = field<std::int64_t>(from, "selected_steps");
      const auto gate = from.find("gate");
      if (gate != from.end() && gate->is_object()) one.gate = text_in(*gate, "decision");
      if (gate != from.end() && gate->is_string()) one.gate = gate->get<std::string>();
      one.tasks_failed = field<std::int64_t>(from, "tasks_failed").value_or(0);
      evidence.folds.push_back(std::move(one));
    }
  }
}

void read_risk(const Json& risk, Evidence& evidence) {
  for (const Json& json : risk) {
    RiskFacts facts;
    facts.model = json.at("model").get<std::string>();
    facts.level = json.at("level").get<double>();
    facts.rows = json.at("rows").get<std::int64_t>();
    facts.exceedances = json.at("exceedances").get<std::int64_t>();
    facts.rate = json.at("rate").get<double>();
    facts.tick = json.at("tick").get<double>();
    const Json& passes = json.at("passes");
    facts.keys = passes.at("keys").get<std::int64_t>();
    facts.kupiec = passes.at("kupiec").get<std::int64_t>();
    facts.conditional_coverage = passes.at("conditional_coverage").get<std::int64_t>();
    for (const Json& key : json.at("keys")) {
      const std::string zone = key.at("traffic_light").at("zone").get<std::string>();
      facts.green += zone == "green" ? 1 : 0;
      facts.yellow += zone == "yellow" ? 1 : 0;
      facts.red += zone == "red" ? 1 : 0;
    }
    evidence.risk.push_back(std::move(facts));
  }
}

void read_left_out(const Json& json, Evidence& evidence) {
  LeftOut left;
  for (const LeftOutRule rule : left_out_rules)
    if (const auto rows = field<std::int64_t>(json.at("rows_by_rule"), std::string(to_string(rule)).c_str()))
      left.rows(rule) = *rows;
  left.keys = field<std::int64_t>(json, "keys").value_or(0);
  left.example = text_in(json, "example");
  left.straddling_tasks = field<std::int64_t>(json, "straddling_tasks").value_or(0);
  left.windows_without_target = field<std::int64_t>(json, "windows_without_target").value_or(0);
  left.unknown_categories =
      field<std::vector<std::string>>(json, "unknown_categories").value_or(std::vector<std::string>());
  evidence.left_out_lines = shoal::left_out_lines(left);
  evidence.left_out = std::move(left);
}

/// A combination is named by its parts: "model+linear".
bool is_combination(const std::string& name, const std::vector<ModelLine>& lines) {
  if (name.find('+') == std::string::npos) return false;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('+', begin), name.size());
    const std::string part = name.substr(begin, end - begin);
    if (std::none_of(lines.begin(), lines.end(), [&](const ModelLine& line) { return line.name == part; }))
      return false;
    begin = end + 1;
  }
  return true;
}

void read_config_text(const std::string& text, const std::string& name, Evidence& evidence) {
  config::ConfigDraft draft;
  try {
    config::read_config(text, name + ": config", "", draft);
    evidence.config = config::finished(draft);
  } catch (const InvalidArgument& error) {
    throw DataError(error.what());
  }
  evidence.config_text = to_toml(evidence.config, ConfigScope::of_model);
}

}  // namespace

void read_backtest_json(const std::string& text, const std::string& name, Evidence& evidence) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) throw DataError(name + ": is no JSON object");
  read_entry(name, "models", [&] {
    evidence.models = models_in(json.at("models").dump(), name);
    for (const ModelLine& line : evidence.models)
      if (!line.steps && is_combination(line.name, evidence.models))
        evidence.combinations.push_back(line.name);
  });
  read_entry(name, "folds", [&] { read_folds(json.at("folds"), evidence); });
  read_entry(name, "seeds", [&] {
    if (const auto seeds = json.find("seeds"); seeds != json.end())
      for (const Json& seed : *seeds) {
        const Json& line = line_in_use(seed.at("models"));
        evidence.seeds.push_back({text_in(seed, "seed"), line.at("loss").get<double>(),
                                  number_in(line.at("half_width")).value_or(0.0)});
      }
  });
  read_entry(name, "risk", [&] {
    if (const auto risk = json.find("risk"); risk != json.end() && risk->is_array())
      read_risk(*risk, evidence);
  });
  read_entry(name, "risk_left_out", [&] {
    if (const auto gaps = json.find("risk_left_out"); gaps != json.end())
      for (const Json& gap : *gaps)
        evidence.risk_gaps.push_back(
            {gap.at("model").get<std::string>(), gap.at("level").get<double>(), text_in(gap, "reason")});
  });
  read_entry(name, "left_out", [&] {
    if (const auto left = json.find("left_out"); left != json.end() && left->is_object())
      read_left_out(*left, evidence);
  });
  read_entry(name, "inputs", [&] {
    for (const auto& [file, hash] : json.at("inputs").items())
      evidence.hashes[std::filesystem::path(file).filename().string()] = hash.get<std::string>();
  });
  evidence.predictions_hash = text_in(json, "predictions");
  evidence.version = text_in(json, "version");
  read_entry(name, "config", [&] { read_config_text(json.at("config").get<std::string>(), name, evidence); });
}

}  // namespace shoal::report
