// SPDX-License-Identifier: Apache-2.0
// What the commands share: a context, the precision that belongs to it, a trained run opened again, its data.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <shoal/context.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/run_config.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/table_source.hpp>
#include <shoal/task_source.hpp>

#include "cli/options.hpp"

namespace shoal::cli {

Context make_context(const RunConfig& config);

/// run(Real{}) with double on the reference backend, float on the others.
template <class Run>
int in_precision(const Context& context, Run run) {
  return context.backend_name() == "reference" ? run(double{}) : run(float{});
}

template <class Real>
BasicTaskBatch<Real> evaluation_tasks(const TaskSource& source, Phase phase, std::int64_t tasks) {
  if constexpr (std::is_same_v<Real, double>)
    return source.evaluation64(phase, tasks);
  else
    return source.evaluation(phase, tasks);
}

template <class Real>
typename BasicMetaLearner<Real>::Options learner_options(const RunConfig& config, const ModelSpec& model) {
  return {.model = model,
          .loss = config.loss,
          .algorithm = config.algorithm,
          .optimizer = config.train.optimizer,
          .init = config.model.init,
          .seed = config.seed,
          .chunk = config.train.chunk};
}

/// A model that was trained: model.safetensors of a run folder, or another file with its metadata.
struct TrainedModel {
  std::filesystem::path file;
  ModelMetadata metadata;
  RunConfig config;  ///< the run's own, with this command's flags over it
};
TrainedModel open_trained(const CommandOptions& options);

/// Tasks out of --data (CSV or .npy through the model's preprocessing, or a task file), or the run's own
/// source.
struct OpenedData {
  std::unique_ptr<TaskSource> source;
  const TableSource* table = nullptr;  ///< when it is one: it knows the tasks' keys
  std::string key_of(std::int64_t id) const { return table ? table->key_of(id) : std::to_string(id); }
};
OpenedData open_data(const std::string& data, const TrainedModel& model, QueryTargets targets);

/// A learner with the parameters of `file`; the model's shape comes from configuration and data.
template <class Real>
BasicMetaLearner<Real> open_learner(const Context& context, const TrainedModel& model,
                                    const TaskSource& source);

/// The number of classes of softmax comes from the file's last layer unless the configuration says it.
ModelSpec model_of_file(RunConfig config, const TaskSource& source, const std::filesystem::path& file);

/// Refuses an --out that lies in no folder, before anything is computed.
void require_parent_folder(const std::filesystem::path& file);
std::string version();

}  // namespace shoal::cli
