// SPDX-License-Identifier: Apache-2.0
// Preprocessing as JSON, for a model's metadata.
#include <cmath>

#include <nlohmann/json.hpp>

#include <shoal/error.hpp>
#include <shoal/table_source.hpp>

#include "core/float_environment.hpp"
#include "core/name_table.hpp"

namespace shoal {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::pair<MissingPolicy, std::string_view> missing_names[] = {
    {MissingPolicy::error, "error"}, {MissingPolicy::drop, "drop"}, {MissingPolicy::mean, "mean"}};
constexpr std::pair<ScaleTargets, std::string_view> scale_targets_names[] = {
    {ScaleTargets::automatic, "auto"}, {ScaleTargets::on, "true"}, {ScaleTargets::off, "false"}};
constexpr std::pair<InputKind, std::string_view> kind_names[] = {
    {InputKind::number, "number"}, {InputKind::indicator, "indicator"}, {InputKind::level, "level"}};

SplitOptions split_in(const json& j) {
  SplitOptions split;
  j.at("by").get_to(split.by);
  j.at("train").get_to(split.train);
  j.at("validation").get_to(split.validation);
  j.at("test").get_to(split.test);
  j.at("validation_from").get_to(split.validation_from);
  j.at("test_from").get_to(split.test_from);
  split.train_from = j.value("train_from", "");  // models that have no limit lack it
  split.purge = j.value("purge", 0);
  return split;
}

}  // namespace

std::string_view to_string(MissingPolicy policy) {
  return name_in<MissingPolicy>(missing_names, policy);
}
MissingPolicy missing_from_string(std::string_view name) {
  return value_in<MissingPolicy>(missing_names, "policy for missing values", name);
}

std::string_view to_string(ScaleTargets choice) {
  return name_in<ScaleTargets>(scale_targets_names, choice);
}
ScaleTargets scale_targets_from_string(std::string_view name) {
  return value_in<ScaleTargets>(scale_targets_names, "choice for scaling targets", name);
}

std::string to_json(const Preprocessing& p) {
  const FloatEnvironment environment;
  const TableOptions& o = p.options;
  ordered_json kinds = ordered_json::array();
  for (const InputKind kind : p.kinds) kinds.push_back(name_in<InputKind>(kind_names, kind));
  ordered_json text = {{"key", o.key},
                       {"features", o.features},
                       {"categorical", o.categorical},
                       {"targets", o.targets},
                       {"positive", o.positive},
                       {"offset", o.offset},
                       {"time", o.time},
                       {"time_format", o.time_format},
                       {"windows",
                        {{"support", o.windows.support},
                         {"query", o.windows.query},
                         {"stride", o.windows.stride},
                         {"purge", o.windows.purge}}},
                       {"missing", to_string(o.missing)},
                       {"format",
                        {{"delimiter", o.format.delimiter},
                         {"decimal", o.format.decimal},
                         {"thousands", o.format.thousands},
                         {"units", o.format.units},
                         {"missing_words", o.format.missing_words},
                         {"skip_rows", o.format.skip_rows},
                         {"comment", o.format.comment}}},
                       {"max_categories", o.max_categories},
                       {"split",
                        {{"by", o.split.by},
                         {"train", o.split.train},
                         {"validation", o.split.validation},
                         {"test", o.split.test},
                         {"validation_from", o.split.validation_from},
                         {"test_from", o.split.test_from}}},
                       {"support", o.support},
                       {"query", o.query},
                       {"stratify", o.stratify},
                       {"purge", o.purge},
                       {"scale", o.scale},
                       {"scale_targets", to_string(o.scale_targets)},
                       {"inputs", p.inputs},
                       {"kinds", kinds},
                       {"mean", p.mean},
                       {"deviation", p.deviation},
                       {"fill", p.fill},
                       {"categories", p.categories},
                       {"labels", p.labels},
                       {"target_mean", p.target_units.mean},
                       {"target_deviation", p.target_units.deviation},
                       {"constant", p.constant}};
  if (!o.hold_out.empty()) text["hold_out"] = o.hold_out;
  if (!o.split.train_from.empty()) text["split"]["train_from"] = o.split.train_from;
  if (o.split.purge > 0) text["split"]["purge"] = o.split.purge;
  return text.dump();
}

Preprocessing preprocessing_from_json(const std::string& text) {
  const FloatEnvironment environment;
  try {
    const json j = json::parse(text);
    Preprocessing p;
    TableOptions& o = p.options;
    j.at("key").get_to(o.key);
    j.at("features").get_to(o.features);
    j.at("categorical").get_to(o.categorical);
    j.at("targets").get_to(o.targets);
    j.at("offset").get_to(o.offset);
    j.at("time").get_to(o.time);
    o.time_format = j.value("time_format", "");
    const json& windows = j.at("windows");
    o.windows = {windows.at("support"), windows.at("query"), windows.at("stride"), windows.at("purge")};
    o.missing = missing_from_string(j.at("missing").get<std::string>());
    if (j.contains("format")) {  // models of old versions have none
      const json& format = j.at("format");
      format.at("delimiter").get_to(o.format.delimiter);
      format.at("decimal").get_to(o.format.decimal);
      format.at("thousands").get_to(o.format.thousands);
      format.at("units").get_to(o.format.units);
      format.at("missing_words").get_to(o.format.missing_words);
      format.at("skip_rows").get_to(o.format.skip_rows);
      format.at("comment").get_to(o.format.comment);
      j.at("max_categories").get_to(o.max_categories);
    }
    o.split = split_in(j.at("split"));
    j.at("support").get_to(o.support);
    j.at("query").get_to(o.query);
    o.stratify = j.value("stratify", false);  // models of old versions have none
    o.hold_out = j.value("hold_out", std::vector<std::string>{});
    j.at("purge").get_to(o.purge);
    j.at("scale").get_to(o.scale);
    j.at("inputs").get_to(p.inputs);
    for (const json& kind : j.at("kinds"))
      p.kinds.push_back(value_in<InputKind>(kind_names, "kind of input", kind.get<std::string>()));
    j.at("mean").get_to(p.mean);
    j.at("deviation").get_to(p.deviation);
    j.at("fill").get_to(p.fill);
    j.at("categories").get_to(p.categories);
    j.at("labels").get_to(p.labels);
    // Models of old versions have no target scaling: their targets are as they are in the file.
    o.positive = j.value("positive", "");
    o.scale_targets = scale_targets_from_string(j.value("scale_targets", "false"));
    p.target_units.mean = j.value("target_mean", std::vector<double>{});
    p.target_units.deviation = j.value("target_deviation", std::vector<double>{});
    p.constant = j.value("constant", std::vector<std::string>{});
    if (p.kinds.size() != p.inputs.size() || p.mean.size() != p.inputs.size() ||
        p.deviation.size() != p.inputs.size() || p.fill.size() != p.inputs.size())
      throw ModelError("preprocessing: scalers do not fit the " + std::to_string(p.inputs.size()) +
                       " inputs");
    for (std::size_t i = 0; i < p.inputs.size(); ++i)
      if (!std::isfinite(p.mean[i]) || !std::isfinite(p.fill[i]) || !std::isfinite(p.deviation[i]) ||
          p.deviation[i] <= 0.0)
        throw ModelError("preprocessing: a scaler of the features is not a positive, finite number");
    const TargetUnits& units = p.target_units;
    if (units.mean.size() != units.deviation.size() ||
        (units.scale() && units.mean.size() != o.targets.size()))
      throw ModelError("preprocessing: target scalers do not fit the " + std::to_string(o.targets.size()) +
                       " targets");
    for (std::size_t t = 0; t < units.mean.size(); ++t)
      if (!std::isfinite(units.mean[t]) || !std::isfinite(units.deviation[t]) || units.deviation[t] <= 0.0)
        throw ModelError("preprocessing: a target scaler is not a positive, finite number");
    if (!o.positive.empty() && (p.labels.size() != 2 || p.labels[1] != o.positive))
      throw ModelError("preprocessing: labels do not fit tasks.positive");
    return p;
  } catch (const json::exception& error) {
    throw ModelError(std::string("preprocessing: not what this version writes: ") + error.what());
  } catch (const InvalidArgument& error) {
    throw ModelError(std::string("preprocessing: ") + error.what());
  }
}

}  // namespace shoal
