// SPDX-License-Identifier: Apache-2.0
#include <shoal/run.hpp>

#include "run/evaluation_log.hpp"
#include "run/opened_data.hpp"
#include "run/opened_run.hpp"

namespace shoal {

struct Run::State {
  template <class From>
  State(const From& from, const RunOptions& options) : run(from, options) {}
  OpenedRun run;
};

Run::Run(std::unique_ptr<State> state) : state_(std::move(state)) {}
Run::~Run() = default;
Run::Run(Run&&) noexcept = default;
Run& Run::operator=(Run&&) noexcept = default;

Run Run::open(const std::filesystem::path& path, const RunOptions& options) {
  return Run(std::make_unique<State>(path, options));
}

Run Run::open(std::span<const std::byte> bytes, const RunOptions& options) {
  return Run(std::make_unique<State>(bytes, options));
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
const std::optional<GateReport>& Run::gate() const {
  return state_->run.model.gate;
}
bool Run::is_adapted() const {
  return state_->run.is_adapted();
}
void Run::tell_changed_data() const {
  shoal::tell_changed_data(state_->run.model, state_->run.options.notify);
}

Evaluation Run::evaluate(const EvaluateOptions& options) const {
  Evaluation evaluation = evaluate_run(state_->run, options);
  note_evaluation(state_->run.model.file, evaluation, options.baselines);
  return evaluation;
}
AdaptedModels Run::adapt(const RunData& data, std::optional<int> steps) const {
  return adapt_run(state_->run, data, steps);
}
AdaptedModels Run::parse_adapted(std::span<const std::byte> bytes) const {
  return parse_adapted_run(state_->run, bytes);
}
Predictions Run::predict(const RunData& data, std::optional<int> steps, Ask ask) const {
  return predict_run(state_->run, data, steps, nullptr, ask);
}
Predictions Run::predict(const AdaptedModels& models, const RunData& data, WithoutModel without_model) const {
  return predict_run(state_->run, data, std::nullopt, &models, Ask::everything, without_model);
}
TaskReport Run::write_predictions(const std::filesystem::path& file, const RunData& data,
                                  std::optional<int> steps, Ask ask) const {
  return write_predictions_of_run(state_->run, file, data, steps, ask);
}
ExplainReport Run::write_explanations(const std::filesystem::path& file, const RunData& data,
                                      std::optional<int> steps) const {
  return explain_run(state_->run, file, data, steps);
}

}  // namespace shoal
