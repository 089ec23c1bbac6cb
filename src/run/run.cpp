// SPDX-License-Identifier: Apache-2.0
#include <shoal/run.hpp>

#include "run/opened_run.hpp"

namespace shoal {

struct Run::State {
  State(const std::filesystem::path& path, const RunOptions& options) : run(path, options) {}
  OpenedRun run;
};

Run::Run(std::unique_ptr<State> state) : state_(std::move(state)) {}
Run::~Run() = default;
Run::Run(Run&&) noexcept = default;
Run& Run::operator=(Run&&) noexcept = default;

Run Run::open(const std::filesystem::path& path, const RunOptions& options) {
  return Run(std::make_unique<State>(path, options));
}

const std::filesystem::path& Run::file() const {
  return state_->run.model.file;
}
const ModelMetadata& Run::metadata() const {
  return state_->run.model.metadata;
}
const RunConfig& Run::trained_config() const {
  return state_->run.model.trained;
}
const RunConfig& Run::config() const {
  return state_->run.model.config;
}
std::optional<int> Run::selected_steps() const {
  return state_->run.model.selected_steps;
}
bool Run::is_adapted() const {
  return state_->run.is_adapted();
}

Evaluation Run::evaluate(const EvaluateOptions& options) const {
  return evaluate_run(state_->run, options);
}
AdaptedModels Run::adapt(const RunData& data, std::optional<int> steps) const {
  return adapt_run(state_->run, data, steps);
}
Predictions Run::predict(const RunData& data, std::optional<int> steps) const {
  return predict_run(state_->run, data, steps, nullptr);
}
Predictions Run::predict(const AdaptedModels& models, const RunData& data) const {
  return predict_run(state_->run, data, std::nullopt, &models);
}
TaskReport Run::write_predictions(const std::filesystem::path& file, const RunData& data,
                                  std::optional<int> steps) const {
  return write_predictions_of_run(state_->run, file, data, steps);
}

}  // namespace shoal
