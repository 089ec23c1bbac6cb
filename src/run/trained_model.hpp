// SPDX-License-Identifier: Apache-2.0
// TrainedModel: a trained model that was opened again, with its configuration and metadata.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>

#include <shoal/gate.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/run.hpp>
#include <shoal/run_config.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/table_source.hpp>
#include <shoal/tensor_file.hpp>

namespace shoal {

/// The contents of model.safetensors of a run folder, of another file with such metadata, or of the bytes of
/// such a file.
struct TrainedModel {
  std::filesystem::path file;       ///< of bytes: what errors call them
  std::optional<TensorFile> bytes;  ///< the content, where no file holds it
  ModelMetadata metadata;
  RunConfig trained;                           ///< the run's own configuration
  RunConfig config;                            ///< the same, changed by RunOptions
  std::optional<Preprocessing> preprocessing;  ///< only for a model that was trained on a table
  /// SHA-256 of the files that it was trained on; the key is the file's name
  std::map<std::string, std::string> data_hash;
  std::optional<int> selected_steps;  ///< number of adaptation steps that validation chose
  std::optional<GateReport> gate;     ///< what the training decided; empty where the gate is off

  TensorFile content() const { return bytes ? *bytes : read_tensor_file(file); }
};
/// Opens a model. Throws ModelError when it is missing or damaged, and InvalidArgument when the options
/// change its network or its loss.
TrainedModel open_trained(const std::filesystem::path& run, const RunOptions& options);
TrainedModel open_trained(std::span<const std::byte> bytes, const RunOptions& options);

/// The number of adaptation steps for adapt and predict: `asked`; else algorithm.inner_steps, when the
/// options changed it; else the number that validation chose; else that of training.
int adaptation_steps(std::optional<int> asked, const TrainedModel& model);

/// Throws ModelError when no model can have the shape that a file claims to have.
void require_layout(const std::filesystem::path& file, const ModelSpec& claimed);

/// The trained parameters. Throws ModelError when they are not of these layouts.
template <class Real>
MetaParameters<Real> parameters_of(const TrainedModel& model, const ParameterLayout& layout,
                                   const RateLayout& rates);

/// Makes a learner with the parameters of the model file. Configuration and data give its shape.
template <class Real>
BasicMetaLearner<Real> open_learner(const Context& context, const TrainedModel& model,
                                    const TaskSource& source);

/// The shape of a model in a file. For softmax, the file's last layer gives the number of classes unless the
/// configuration does.
ModelSpec model_of_file(const TrainedModel& model, const TaskSource& source);
ModelSpec model_of_file(RunConfig config, const TaskSource& source, const std::filesystem::path& file);

}  // namespace shoal
