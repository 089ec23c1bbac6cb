// SPDX-License-Identifier: Apache-2.0
#include "run/model_selection.hpp"

#include <cstdio>

#include <nlohmann/json.hpp>

#include <shoal/quoted_text.hpp>

namespace shoal {
namespace {

// iterations between validations when the configuration does not say it
constexpr std::int64_t usual_distance = 20;

void require_validation_tasks(const RunConfig& config, const TaskSource& source) {
  const std::string key = config.evaluate.select_steps ? "evaluate.select_steps" : "train.validate_every";
  const auto size = source.size(Phase::validation);
  if (size && *size == 0)
    throw InvalidArgument(
        key + ": there are no validation tasks; tasks.split decides which tasks are for validation");
}

}  // namespace

RunConfig with_validation(RunConfig config, const OpenedData& data, const Notify& notify) {
  auto& every = config.train.validate_every;
  if (!every) {
    const auto size = data.table ? data.source->size(Phase::validation) : std::nullopt;
    every = size && *size > 0 ? usual_distance : 0;
  }
  if (validates(config)) {
    require_validation_tasks(config, *data.source);
    if (config.tasks.source == TaskSourceKind::file)
      tell_note(notify, printable(data.file, data.file.size()) +
                            ": a task file is not split: validation uses the training tasks");
  }
  if (config.train.patience > 0 && *every == 0)
    throw InvalidArgument(
        "train.patience: it counts validations, and this run has none; set "
        "train.validate_every, or patience = 0");
  return config;
}

bool validates(const RunConfig& config) {
  return *config.train.validate_every > 0 || config.evaluate.select_steps;
}

void add_selection(const TrainReport& report, ModelMetadata& metadata) {
  metadata["selected_iteration"] = std::to_string(report.training.selected_iteration);
  if (report.training.validation_loss)
    metadata["validation_loss"] = nlohmann::json(*report.training.validation_loss).dump();
  if (report.selected_steps) metadata["selected_steps"] = std::to_string(*report.selected_steps);
}

std::string describe_selection(const TrainReport& report) {
  std::string text = "the model is that of iteration " + std::to_string(report.training.selected_iteration);
  if (report.training.validation_loss) {
    char loss[48];
    std::snprintf(loss, sizeof loss, ", validation loss %.5g", *report.training.validation_loss);
    text += loss;
  }
  if (report.selected_steps)
    text += ", " + std::to_string(*report.selected_steps) + " adaptation steps selected";
  return text;
}

std::string failed_selection(const RunConfig& config, const TrainReport& report) {
  const std::int64_t every = *config.train.validate_every;
  const bool has_validated =
      config.train.keep == Keep::best && every > 0 && report.training.iteration >= every;
  if (has_validated && !report.training.validation_loss)
    return "all validation tasks failed in every validation: the last model is kept";
  if (config.evaluate.select_steps && !report.selected_steps)
    return "every validation task failed at every number of evaluate.steps: none is selected";
  return {};
}

}  // namespace shoal
