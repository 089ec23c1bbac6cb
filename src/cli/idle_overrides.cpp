// SPDX-License-Identifier: Apache-2.0
#include "cli/idle_overrides.hpp"

#include <algorithm>
#include <cstdio>

#include <shoal/error.hpp>

#include "cli/opened_data.hpp"

namespace shoal::cli {
namespace {

struct Case {
  const CommandOptions& options;
  const RunConfig& config;
  const Intent& intent;
  bool task_file, generated;
};

bool generates(const RunConfig& config) {
  return config.tasks.source != "file" && config.tasks.source != "table";
}

/// Why a key has no effect in a configuration, whatever the command; nullptr when it may have one.
const char* reason_in(const ConfigKey& key, const ConfigDraft& draft) {
  const RunConfig& config = draft.config;
  const Optimizer& optimizer = config.train.optimizer;
  const bool adam = optimizer.kind == OptimizerKind::adam || optimizer.kind == OptimizerKind::adamw;
  const auto is = [&](std::initializer_list<const char*> names) {
    return std::find(names.begin(), names.end(), key.path) != names.end();
  };
  if (!key.present(draft)) return "nothing in this configuration uses it";
  if (is({"train.beta1", "train.beta2", "train.epsilon"})) return adam ? nullptr : "it is for adam and adamw";
  if (is({"train.momentum"}))
    return optimizer.kind == OptimizerKind::momentum ? nullptr : "it is for train.optimizer = \"momentum\"";
  if (is({"train.final_lr"}))
    return optimizer.schedule == Schedule::cosine ? nullptr : "it is for train.schedule = \"cosine\"";
  if (is({"tasks.noise", "evaluate.tasks", "evaluate.query_grid"}))
    return generates(config) ? nullptr : "it is for generated tasks";
  if (is({"tasks.support", "tasks.query"}) && config.tasks.source == "file")
    return "a task file holds its tasks as they are";
  const bool windows = config.tasks.source == "table" && config.tasks.table.windows.query > 0;
  if (windows && is({"tasks.support", "tasks.query", "tasks.purge"}))
    return "tasks.windows says which rows make a task";
  if (is({"tasks.purge"}) && config.tasks.table.time.empty()) return "there is no tasks.time";
  return nullptr;
}

int most_steps(const Case& c) {
  if (c.options.steps.empty() && c.intent.command != Command::evaluate)
    return inner_loop_of(c.config.algorithm).steps;
  const std::vector<int>& steps = c.options.steps.empty() ? c.config.evaluate.steps : c.options.steps;
  return *std::max_element(steps.begin(), steps.end());
}

/// The same for a command on a trained model.
const char* algorithm_reason(const std::string& key, const Case& c) {
  const LearnedRate learned = learned_rate_of(c.config.algorithm);
  if (c.intent.adapted) return "the models have been adapted already";
  if (key == "algorithm.step_weights") return "the model is trained already";
  if (key == "algorithm.inner_lr" && learned != LearnedRate::none) return "the model has learned its rates";
  if (key == "algorithm.inner_lr" || key == "algorithm.max_move")
    return most_steps(c) == 0 ? "no adaptation step is asked for" : nullptr;
  if (key != "algorithm.inner_steps" || learned == LearnedRate::layer_step) return nullptr;
  if (c.intent.command == Command::evaluate)
    return "evaluate.steps or --steps says after how many steps to look";
  return c.options.steps.empty() ? nullptr : "--steps says how many";
}

const char* tasks_reason(const std::string& key, const Case& c) {
  if (key == "tasks.path") return c.options.data.empty() ? nullptr : "--data says what to read";
  if (c.generated) return nullptr;
  if (c.task_file) return "a task file holds its tasks as they are";
  if (key.starts_with("tasks.split.") && !c.intent.splits)
    return "only the run's own data is split (evaluate, but not --phase all)";
  if (key == "tasks.query" && c.intent.command != Command::evaluate)
    return "every row behind the support is predicted";
  return nullptr;
}

const char* evaluate_reason(const std::string& key, const Case& c) {
  if (c.intent.command != Command::evaluate) return "it is for train and evaluate";
  if (key == "evaluate.steps") return c.options.steps.empty() ? nullptr : "--steps says which";
  return key == "evaluate.select_steps" ? "the model is trained already" : nullptr;
}

const char* reason(const std::string& key, const Case& c) {
  if (key.starts_with("algorithm.")) return algorithm_reason(key, c);
  if (key.starts_with("tasks.")) return tasks_reason(key, c);
  if (key.starts_with("evaluate.")) return evaluate_reason(key, c);
  if (key == "seed") return c.task_file ? "a task file holds its tasks as they are" : nullptr;
  const bool trains = key.starts_with("train.") && key != "train.chunk";
  return trains || key.starts_with("model.init") ? "the model is trained already" : nullptr;
}

}  // namespace

void tell_idle_keys(const std::vector<std::string>& overrides, const ConfigDraft& draft) {
  for (const ConfigKey& key : config_keys()) {
    const bool set = std::any_of(overrides.begin(), overrides.end(), [&](const std::string& assignment) {
      return assignment.starts_with(key.path + "=");
    });
    if (const char* why = set ? reason_in(key, draft) : nullptr)
      std::fprintf(stderr, "shoal: warning: --set %s: has no effect: %s\n", key.path.c_str(), why);
  }
}

void check_overrides(const CommandOptions& options, const TrainedModel& model, const Intent& intent) {
  const ConfigDraft now = draft_of(model.config), then = draft_of(model.trained);
  const std::string& source = model.config.tasks.source;
  const Case c{options, model.config, intent,
               options.data.empty() ? source == "file" : is_task_file(options.data),
               options.data.empty() && generates(model.config)};
  for (const ConfigKey& key : config_keys()) {
    const auto& set = options.common.overrides;
    const bool on_command_line = std::any_of(set.begin(), set.end(), [&](const std::string& assignment) {
      return assignment.starts_with(key.path + "=");
    });
    // A configuration names its own data; --data is meant to stand for it.
    if (key.path == "tasks.path" && !on_command_line) continue;
    if (key.get(now) == key.get(then)) continue;
    const char* why = reason(key.path, c);
    if (!why && !on_command_line) why = reason_in(key, now);  // of --set it has been told
    if (!why || (on_command_line && reason_in(key, now))) continue;
    const std::string text = key.path + ": has no effect here: " + why;
    if (on_command_line && key.path.starts_with("algorithm.")) throw InvalidArgument("--set " + text);
    std::fprintf(stderr, "shoal: warning: %s\n", text.c_str());
  }
}

}  // namespace shoal::cli
