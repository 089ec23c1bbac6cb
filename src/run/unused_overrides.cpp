// SPDX-License-Identifier: Apache-2.0
#include "run/unused_overrides.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <shoal/error.hpp>

#include "config/unused_keys.hpp"
#include "run/run_data.hpp"

namespace shoal {
namespace {

using config::ConfigDraft;
using config::ConfigKey;

struct Case {
  const RunConfig& config;
  const Intent& intent;
  bool own_data, task_file, generated;
};

int most_steps(const Case& c) {
  if (c.intent.steps.empty() && c.intent.use != RunUse::evaluate)
    return inner_loop_of(c.config.algorithm).steps;
  const std::span<const int> steps = c.intent.steps.empty() ? c.config.evaluate.steps : c.intent.steps;
  return *std::max_element(steps.begin(), steps.end());
}

/// Explains why a key has no effect on what is done with a trained model; null when it may have an effect.
const char* algorithm_reason(const std::string& key, const Case& c) {
  const LearnedRate learned = learned_rate_of(c.config.algorithm);
  if (c.intent.adapted) return "the models have been adapted already";
  if (key == "algorithm.step_weights") return "the model is trained already";
  if (key == "algorithm.inner_lr" && learned != LearnedRate::none) return "the model has learned its rates";
  if (key == "algorithm.inner_lr" || key == "algorithm.max_move")
    return most_steps(c) == 0 ? "no adaptation step is asked for" : nullptr;
  if (key != "algorithm.inner_steps" || learned == LearnedRate::layer_step) return nullptr;
  if (c.intent.use == RunUse::evaluate)
    return "evaluate.steps or --steps says after how many steps to evaluate";
  return c.intent.steps.empty() ? nullptr : "--steps says how many";
}

const char* tasks_reason(const std::string& key, const Case& c) {
  if (key == "tasks.path")  // explain reads the run's own data beside those that it explains
    return c.own_data || c.intent.use == RunUse::explain ? nullptr : "--data says what to read";
  if (c.generated) return nullptr;
  if (c.task_file) return "a task file holds its tasks as they are";
  if ((key.starts_with("tasks.split.") || key == "tasks.hold_out") && !c.intent.splits)
    return "only the run's own data is split (evaluate, but not --phase all)";
  if (key == "tasks.query" && c.intent.use != RunUse::evaluate)
    return "every row after the support is predicted";
  return nullptr;
}

const char* evaluate_reason(const std::string& key, const Case& c) {
  if (c.intent.use != RunUse::evaluate) return "it is for train and evaluate";
  if (key == "evaluate.steps") return c.intent.steps.empty() ? nullptr : "--steps says which";
  return key == "evaluate.select_steps" ? "the model is trained already" : nullptr;
}

const char* reason(const std::string& key, const Case& c) {
  if (key == "algorithm.gate") return c.intent.adapted ? "the models have been adapted already" : nullptr;
  if (key.starts_with("algorithm.")) return algorithm_reason(key, c);
  if (key.starts_with("risk.")) return c.intent.use == RunUse::evaluate ? nullptr : "it is for baselines";
  if (key.starts_with("explain."))
    return c.intent.use == RunUse::explain ? nullptr : "it is for shoal explain";
  if (key.starts_with("tasks.")) return tasks_reason(key, c);
  if (key.starts_with("evaluate.")) return evaluate_reason(key, c);
  if (key == "seed") return c.task_file ? "a task file holds its tasks as they are" : nullptr;
  const bool trains = key.starts_with("train.") && key != "train.chunk";
  return trains || key.starts_with("model.init") ? "the model is trained already" : nullptr;
}

}  // namespace

void check_overrides(const RunOptions& options, const TrainedModel& model, const Intent& intent) {
  const ConfigDraft now = config::draft_of(model.config), then = config::draft_of(model.trained);
  const bool own_data = !is_given(intent.data);
  const TaskSourceKind source = model.config.tasks.source;
  const Case c{model.config, intent, own_data,
               own_data ? source == TaskSourceKind::file : holds_tasks(intent.data),
               own_data && is_generated(source)};
  for (const ConfigKey& key : config::config_keys()) {
    const ConfigOverride* change = config::override_of(key, options.overrides);
    // A configuration file names data of its own; data that the caller gives replace them without a warning.
    if (key.path == "tasks.path" && !change) continue;
    if (key.get(now) == key.get(then)) continue;
    const char* idle = config::unused_reason(key, now);
    const char* why = reason(key.path, c);
    if (!why && !change) why = idle;  // load_config has warned of this override already
    if (!why || (change && idle)) continue;
    const std::string what = ": has no effect here: ";
    if (change && key.path.starts_with("algorithm."))
      throw InvalidArgument(config::label_of(*change) + what + why);
    tell_warning(options.notify, key.path + what + why);
  }
}

}  // namespace shoal
