// SPDX-License-Identifier: Apache-2.0
#include "config/unused_keys.hpp"

#include <algorithm>
#include <initializer_list>

namespace shoal::config {

const char* unused_reason(const ConfigKey& key, const ConfigDraft& draft) {
  const RunConfig& config = draft.config;
  const TaskSourceKind source = config.tasks.source;
  const Optimizer& optimizer = config.train.optimizer;
  const bool adam = optimizer.kind == OptimizerKind::adam || optimizer.kind == OptimizerKind::adamw;
  const auto is = [&](std::initializer_list<const char*> names) {
    return std::find(names.begin(), names.end(), key.path) != names.end();
  };
  const BacktestConfig& backtest = config.backtest;
  if (is({"backtest.from", "backtest.to", "backtest.refit", "backtest.refit_baselines", "backtest.window",
          "backtest.validation_years"}))
    return backtest.folds != 0 ? "backtest.folds deals keys, not times" : nullptr;
  if (key.path.starts_with("backtest.")) return nullptr;  // a default is not printed, and undoes a file's
  if (is({"risk.levels", "risk.residuals"}))
    return config.risk.return_column.empty() ? "there is no risk.return" : nullptr;
  if (is({"algorithm.gate"})) return nullptr;  // "off" is not printed, and undoes what a run was trained with
  if (!key.present(draft)) return "nothing in this configuration uses it";
  if (is({"train.beta1", "train.beta2", "train.epsilon"})) return adam ? nullptr : "it is for adam and adamw";
  if (is({"train.momentum"}))
    return optimizer.kind == OptimizerKind::momentum ? nullptr : "it is for train.optimizer = \"momentum\"";
  if (is({"train.final_lr"}))
    return optimizer.schedule == Schedule::cosine ? nullptr : "it is for train.schedule = \"cosine\"";
  if (is({"tasks.noise", "evaluate.tasks", "evaluate.query_grid"}))
    return is_generated(source) ? nullptr : "it is for generated tasks";
  if (is({"train.sampling"}) && is_generated(source)) return "all generated tasks have equal rows";
  if (is({"tasks.support", "tasks.query"}) && source == TaskSourceKind::file)
    return "a task file holds its tasks as they are";
  const bool windows = source == TaskSourceKind::table && config.tasks.table.windows.query > 0;
  if (windows && is({"tasks.support", "tasks.query", "tasks.purge"}))
    return "tasks.windows says which rows make a task";
  if (is({"tasks.purge"}) && config.tasks.table.time.empty()) return "there is no tasks.time";
  return nullptr;
}

const ConfigOverride* override_of(const ConfigKey& key, const std::vector<ConfigOverride>& overrides) {
  const auto found = std::find_if(overrides.begin(), overrides.end(),
                                  [&](const ConfigOverride& change) { return change.key == key.path; });
  return found == overrides.end() ? nullptr : &*found;
}

std::string label_of(const ConfigOverride& change) {
  return change.origin.substr(0, change.origin.find('='));
}

std::vector<std::string> unused_overrides(const std::vector<ConfigOverride>& overrides,
                                          const ConfigDraft& draft) {
  std::vector<std::string> sentences;
  for (const ConfigKey& key : config_keys()) {
    const ConfigOverride* change = override_of(key, overrides);
    if (const char* why = change ? unused_reason(key, draft) : nullptr)
      sentences.push_back(label_of(*change) + ": has no effect: " + why);
  }
  return sentences;
}

}  // namespace shoal::config
