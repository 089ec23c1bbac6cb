// SPDX-License-Identifier: Apache-2.0
// A model that was trained, opened again: its metadata's configuration, its parameters.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include <shoal/meta_learner.hpp>
#include <shoal/run.hpp>
#include <shoal/run_config.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/table_source.hpp>

namespace shoal {

/// model.safetensors of a run folder, or another file with its metadata.
struct TrainedModel {
  std::filesystem::path file;
  ModelMetadata metadata;
  RunConfig trained;                             ///< the run's own configuration
  RunConfig config;                              ///< the same with RunOptions over it
  std::optional<Preprocessing> preprocessing;    ///< of a model that was trained on a table
  std::map<std::string, std::string> data_hash;  ///< SHA-256 of the files it was trained on, by name
  std::optional<int> selected_steps;             ///< adaptation steps that validation chose
};
/// Throws ModelError; InvalidArgument for another network or loss than the model's.
TrainedModel open_trained(const std::filesystem::path& run, const RunOptions& options);

/// Adaptation steps of what takes one number of them: those that are asked for, else algorithm.inner_steps
/// where it was changed for this, else those that validation chose, else those of the training.
int adaptation_steps(std::optional<int> asked, const TrainedModel& model);

/// Throws ModelError when no model can have the shape that a file claims.
void require_layout(const std::filesystem::path& file, const ModelSpec& claimed);

/// A learner with the parameters of `file`; the model's shape comes from configuration and data.
template <class Real>
BasicMetaLearner<Real> open_learner(const Context& context, const TrainedModel& model,
                                    const TaskSource& source);

/// The number of classes of softmax comes from the file's last layer unless the configuration says it.
ModelSpec model_of_file(RunConfig config, const TaskSource& source, const std::filesystem::path& file);

}  // namespace shoal
