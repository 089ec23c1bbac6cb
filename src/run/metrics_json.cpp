// SPDX-License-Identifier: Apache-2.0
#include <shoal/metrics_json.hpp>

#include <optional>
#include <span>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

namespace shoal {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json json_of(std::span<const NamedValue> values);

Json quantiles_json(const QuantileMetrics& m) {
  Json levels = Json::array();
  for (const QuantileLevelMetrics& level : m.levels)
    levels.push_back({{"level", level.level},
                      {"coverage", level.coverage},
                      {"tick", level.tick},
                      {"kupiec_p", level.kupiec_p}});
  return {{"levels", levels}, {"crossing", m.crossing}};
}

Json json_of(const ClassificationMetrics& m) {
  return {{"rows", m.rows},
          {"positives", m.positives},
          {"log_loss", m.log_loss},
          {"brier", m.brier},
          {"auc", or_null(m.auc)},
          {"gini", or_null(m.gini)},
          {"ks", or_null(m.ks)},
          {"ece", m.ece},
          {"calibration_slope", or_null(m.calibration_slope)},
          {"calibration_intercept", or_null(m.calibration_intercept)}};
}

Json json_of(const VarianceMetrics& m) {
  return {{"rows", m.rows}, {"qlike", m.qlike}};
}

Json json_of(const LossMetrics& metrics) {
  if (const auto* m = std::get_if<ClassificationMetrics>(&metrics)) return json_of(*m);
  if (const auto* m = std::get_if<VarianceMetrics>(&metrics)) return json_of(*m);
  if (const auto* m = std::get_if<QuantileMetrics>(&metrics)) return quantiles_json(*m);
  return json_of(std::span<const NamedValue>(named_values(metrics)));
}

Json json_of(std::span<const NamedValue> values) {
  Json json = Json::object();
  for (const auto& [name, value] : values) json[name] = or_null(value);
  return json;
}

Json json_of(const MacroClassificationMetrics& m) {
  return {{"keys", m.keys},         {"keys_with_both_classes", m.keys_with_both_classes},
          {"log_loss", m.log_loss}, {"brier", m.brier},
          {"auc", or_null(m.auc)},  {"gini", or_null(m.gini)},
          {"ks", or_null(m.ks)},    {"ece", m.ece}};
}

Json json_of(const LikelihoodRatio& ratio) {
  return {{"lr", ratio.lr}, {"p", ratio.p}};
}

Json json_of(const VarMetrics& m) {
  Json json = {{"rows", m.rows},
               {"exceedances", m.exceedances},
               {"rate", m.rate},
               {"tick", m.tick},
               {"kupiec", json_of(m.kupiec)},
               {"binomial_p", m.binomial_p},
               {"independence", json_of(m.independence)},
               {"conditional_coverage", json_of(m.conditional_coverage)},
               {"transitions", m.transitions},
               {"traffic_light",
                {{"window", m.traffic_light.window},
                 {"exceedances", m.traffic_light.exceedances},
                 {"zone", to_string(m.traffic_light.zone)}}}};
  if (m.z2) json["z2"] = *m.z2;
  if (m.fz0) json["fz0"] = *m.fz0;
  return json;
}

/// [{"key", ...}]; the key of a table without keys is null.
template <class Metrics>
Json json_keys(const std::vector<KeyMetrics<Metrics>>& keys, bool keyed) {
  Json list = Json::array();
  for (const auto& [key, metrics] : keys) {
    Json entry = {{"key", keyed ? Json(key) : Json(nullptr)}};
    entry.update(json_of(metrics));
    list.push_back(std::move(entry));
  }
  return list;
}

Json fields_of(const ProbabilityAssessment& assessment, bool keyed) {
  Json json = json_of(assessment.all);
  json["keys"] = json_keys(assessment.keys, keyed);
  json["macro"] = assessment.macro ? json_of(*assessment.macro) : Json(nullptr);
  return json;
}

Json fields_of(const VarianceAssessment& assessment, bool keyed) {
  Json json = json_of(assessment.all);
  json["keys"] = json_keys(assessment.keys, keyed);
  json["macro"] = nullptr;
  if (assessment.macro_qlike)
    json["macro"] = {{"keys", assessment.keys.size()}, {"qlike", *assessment.macro_qlike}};
  return json;
}

Json fields_of(const VarAssessment& assessment, bool keyed) {
  return {{"rows", assessment.rows},
          {"exceedances", assessment.exceedances},
          {"rate", assessment.rate},
          {"tick", assessment.tick},
          {"passes",
           {{"keys", assessment.keys.size()},
            {"kupiec", assessment.kupiec_passes},
            {"conditional_coverage", assessment.conditional_coverage_passes}}},
          {"keys", json_keys(assessment.keys, keyed)}};
}

Json json_of_model(const ModelMetrics& model) {
  Json macro = {{"keys", model.keys}};
  macro.update(json_of(std::span<const NamedValue>(model.macro)));
  Json against = Json::object();
  for (const ModelComparison& comparison : model.against)
    against[comparison.other] = {{"mean", comparison.difference.mean},
                                 {"t", or_null(comparison.difference.t)},
                                 {"p", or_null(comparison.difference.p)}};
  return {{"name", model.name},
          {"steps", model.steps ? Json(*model.steps) : Json(nullptr)},
          {"selected", model.selected},
          {"tasks", model.tasks},
          {"rows", model.rows},
          {"metrics", json_of(model.metrics)},
          {"macro", macro},
          {"loss", model.loss.mean},
          {"half_width", model.loss.half_width},
          {"interval", model.interval},
          {"against", against}};
}

}  // namespace

std::string to_json(const std::vector<ModelMetrics>& models) {
  Json list = Json::array();
  for (const ModelMetrics& model : models) list.push_back(json_of_model(model));
  return text_of(list);
}

std::string to_json(const Assessment& assessment) {
  Json report;
  report["left_out"] = nullptr;
  if (assessment.left_out > 0)
    report["left_out"] = {{"rows", assessment.left_out},
                          {"rows_by_rule", {{"missing", assessment.left_out}}}};
  report.update(std::visit([&](const auto& metrics) { return fields_of(metrics, assessment.keyed); },
                           assessment.metrics));
  if (const auto& dm = assessment.dm)
    report["dm"] = {{"mean", dm->mean},
                    {"t", or_null(dm->t)},
                    {"p", or_null(dm->p)},
                    {"lag", dm->lag},
                    {"periods", dm->periods}};
  return text_of(report);
}

}  // namespace shoal
