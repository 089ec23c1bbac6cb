// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include <shoal/backtest.hpp>
#include <shoal/metrics_json.hpp>

namespace shoal {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json models_json(const std::vector<ModelMetrics>& models) {
  return Json::parse(to_json(models));
}

Json json_of(const FoldSeed& seed) {
  Json json = {{"seed", seed.seed},
               {"selected_iteration", seed.selected_iteration},
               {"validation_loss", seed.validation_loss ? Json(*seed.validation_loss) : Json(nullptr)},
               {"selected_steps", seed.steps},
               {"gate", nullptr},
               {"tasks_failed", seed.tasks_failed}};
  if (seed.gate) json["gate"] = Json::parse(to_json(*seed.gate));
  return json;
}

Json json_of(const FoldReport& fold) {
  Json json = {{"name", fold.name},
               {"from", text_or_null(fold.from)},
               {"to", text_or_null(fold.to)},
               {"train_from", text_or_null(fold.train_from)},
               {"validation_from", text_or_null(fold.validation_from)},
               {"keys", fold.keys.empty() ? Json(nullptr) : Json(fold.keys)},
               {"rows", fold.rows},
               {"tasks",
                {{"train", fold.train_tasks},
                 {"validation", fold.validation_tasks},
                 {fold.keys.empty() ? "test" : "held-out", fold.tasks}}},
               {"seeds", Json::array()}};
  for (const FoldSeed& seed : fold.seeds) json["seeds"].push_back(json_of(seed));
  return json;
}

}  // namespace

std::string to_json(const BacktestReport& report) {
  Json groups = Json::array(), folds = Json::array(), seeds = Json::array(), risk = Json::array();
  for (const GroupMetrics& group : report.groups)
    groups.push_back({{"by", group.by}, {"group", group.group}, {"models", models_json(group.models)}});
  for (const FoldReport& fold : report.folds) folds.push_back(json_of(fold));
  for (const SeedMetrics& seed : report.seeds)
    seeds.push_back({{"seed", seed.seed}, {"models", models_json(seed.models)}});
  for (const RiskAssessment& line : report.risk) {
    Json json = {{"model", line.model}, {"level", line.level}};
    json.update(Json::parse(to_json(line.assessment)));
    json.erase("left_out");  // that is the table's
    risk.push_back(std::move(json));
  }
  Json risk_left_out = Json::array();
  for (const RiskLeftOut& line : report.risk_left_out)
    risk_left_out.push_back({{"model", line.model}, {"level", line.level}, {"reason", line.reason}});
  const Json left_out = report.data.left_out ? Json::parse(left_out_json(*report.data.left_out)) : Json();
  const Json json = {{"models", models_json(report.models)},
                     {"groups", groups},
                     {"folds", folds},
                     {"seeds", seeds},
                     {"risk", risk},
                     {"risk_left_out", risk_left_out},
                     {"rows", report.rows},
                     {"measured", report.measured},
                     {"left_out", left_out},
                     {"inputs", report.inputs},
                     {"predictions", report.predictions_hash},
                     {"config", report.config}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace shoal
