// SPDX-License-Identifier: Apache-2.0
// OpenedRun: the state of a Run, and the functions that implement it.
#pragma once

#include <filesystem>
#include <optional>
#include <span>

#include <shoal/context.hpp>
#include <shoal/run.hpp>

#include "run/adapted_file.hpp"
#include "run/trained_model.hpp"

namespace shoal {

class OpenedRun {
 public:
  OpenedRun(const std::filesystem::path& path, const RunOptions& run_options)
      : options(run_options), model(open_trained(path, options)) {}
  OpenedRun(std::span<const std::byte> bytes, const RunOptions& run_options)
      : options(run_options), model(open_trained(bytes, options)) {}

  /// Made at the first call, so that bad data are reported before a device is needed.
  const Context& context() const {
    if (!context_) context_.emplace(context_options(model.config, options.context));
    return *context_;
  }

  /// Whether the file holds adapted models rather than one model.
  bool is_adapted() const {
    if (!adapted_) adapted_ = model.bytes ? holds_adapted(*model.bytes) : holds_adapted(model.file);
    return *adapted_;
  }

  const RunOptions options;
  const TrainedModel model;

 private:
  mutable std::optional<Context> context_;
  mutable std::optional<bool> adapted_;
};

Evaluation evaluate_run(const OpenedRun& run, const EvaluateOptions& options);
AdaptedModels adapt_run(const OpenedRun& run, const RunData& data, std::optional<int> steps);
AdaptedModels parse_adapted_run(const OpenedRun& run, std::span<const std::byte> bytes);
/// Predicts with `models`; when that is null, with the run's own models, adapted or not. `without_model` says
/// what happens to tasks that they do not have.
Predictions predict_run(const OpenedRun& run, const RunData& data, std::optional<int> steps,
                        const AdaptedModels* models, Ask ask,
                        WithoutModel without_model = WithoutModel::refused);
TaskReport write_predictions_of_run(const OpenedRun& run, const std::filesystem::path& file,
                                    const RunData& data, std::optional<int> steps, Ask ask);
/// What Run::write_explanations does.
ExplainReport explain_run(const OpenedRun& run, const std::filesystem::path& file, const RunData& data,
                          std::optional<int> steps);

}  // namespace shoal
