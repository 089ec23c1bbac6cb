// SPDX-License-Identifier: Apache-2.0
// TrainedModel: a trained model that was opened again, with its configuration and metadata.
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

/// The contents of model.safetensors of a run folder, or of another file with such metadata.
struct TrainedModel {
  std::filesystem::path file;
  ModelMetadata metadata;
  RunConfig trained;                           ///< the run's own configuration
  RunConfig config;                            ///< the same, changed by RunOptions
  std::optional<Preprocessing> preprocessing;  ///< only for a model that was trained on a table
  /// SHA-256 of the files that it was trained on; the key is the file's name
  std::map<std::string, std::string> data_hash;
  std::optional<int> selected_steps;  ///< number of adaptation steps that validation chose
};
/// Opens a model. Throws ModelError when it is missing or damaged, and InvalidArgument when the options
/// change its network or its loss.
TrainedModel open_trained(const std::filesystem::path& run, const RunOptions& options);

/// The number of adaptation steps for adapt and predict: `asked`; else algorithm.inner_steps, when the
/// options changed it; else the number that validation chose; else that of training.
int adaptation_steps(std::optional<int> asked, const TrainedModel& model);

/// Throws ModelError when no model can have the shape that a file claims to have.
void require_layout(const std::filesystem::path& file, const ModelSpec& claimed);

/// Makes a learner with the parameters of the model file. Configuration and data give its shape.
template <class Real>
BasicMetaLearner<Real> open_learner(const Context& context, const TrainedModel& model,
                                    const TaskSource& source);

/// The shape of a model in a file. For softmax, the file's last layer gives the number of classes unless the
/// configuration does.
ModelSpec model_of_file(RunConfig config, const TaskSource& source, const std::filesystem::path& file);

}  // namespace shoal
