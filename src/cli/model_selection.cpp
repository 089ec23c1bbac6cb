// SPDX-License-Identifier: Apache-2.0
#include "cli/model_selection.hpp"

#include <cstdio>

namespace shoal::cli {
namespace {

constexpr std::int64_t usual_distance = 20;  // iterations between looks, where nothing is configured

void require_validation_tasks(const RunConfig& config, const TaskSource& source) {
  const std::string key = config.evaluate.select_steps ? "evaluate.select_steps" : "train.validate_every";
  const auto size = source.size(Phase::validation);
  if (size && *size == 0)
    throw InvalidArgument(key +
                          ": there are no validation tasks to look at; tasks.split says which there are");
}

}  // namespace

RunConfig with_validation(RunConfig config, const OpenedData& data, const CommonOptions& options) {
  auto& every = config.train.validate_every;
  if (!every) {
    const auto size = data.table ? data.source->size(Phase::validation) : std::nullopt;
    every = size && *size > 0 ? usual_distance : 0;
  }
  if (validates(config)) {
    require_validation_tasks(config, *data.source);
    if (config.tasks.source == "file" && !options.quiet)
      std::fprintf(stderr, "shoal: %s: a task file is not split: validation looks at the training tasks\n",
                   data.file.c_str());
  }
  if (config.train.patience > 0 && *every == 0)
    throw InvalidArgument(
        "train.patience: counts looks at the validation tasks, and there are none; set "
        "train.validate_every, or patience = 0");
  return config;
}

bool validates(const RunConfig& config) {
  return *config.train.validate_every > 0 || config.evaluate.select_steps;
}

nlohmann::ordered_json json_of(const SelectedModel& selected) {
  nlohmann::ordered_json json = {{"selected_iteration", selected.iteration}, {"validation_loss", nullptr}};
  if (selected.validation_loss) json["validation_loss"] = *selected.validation_loss;
  if (selected.steps) json["selected_steps"] = *selected.steps;
  return json;
}

std::string describe(const SelectedModel& selected) {
  std::string text = "the model is that of iteration " + std::to_string(selected.iteration);
  if (selected.validation_loss) {
    char loss[48];
    std::snprintf(loss, sizeof loss, ", validation loss %.5g", *selected.validation_loss);
    text += loss;
  }
  if (selected.steps) text += ", " + std::to_string(*selected.steps) + " adaptation steps selected";
  return text;
}

std::string failed_selection(const RunConfig& config, const TrainSummary& summary,
                             const SelectedModel& selected) {
  const std::int64_t every = *config.train.validate_every;
  const bool looked = config.train.keep == Keep::best && every > 0 && summary.iteration >= every;
  if (looked && !selected.validation_loss)
    return "every validation task failed at every look: the last model is kept";
  if (config.evaluate.select_steps && !selected.steps)
    return "every validation task failed at every number of evaluate.steps: none is selected";
  return {};
}

}  // namespace shoal::cli
