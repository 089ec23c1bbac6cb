// SPDX-License-Identifier: Apache-2.0
#include "cli/session.hpp"

#include <shoal/error.hpp>
#include <shoal/task_file.hpp>
#include <shoal/version.hpp>

#include "cli/config/config_file.hpp"

namespace shoal::cli {

std::string version() {
  return SHOAL_VERSION;
}

Context make_context(const RunConfig& config) {
  return Context({config.backend, config.threads, config.isa});
}

void require_parent_folder(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  if (!std::filesystem::is_directory(folder))
    throw ResourceError(file.string() + ": there is no folder " + folder.string());
}

TrainedModel open_trained(const CommandOptions& options) {
  TrainedModel model;
  model.file = options.run;
  if (std::filesystem::is_directory(model.file)) model.file /= "model.safetensors";
  if (!std::filesystem::exists(model.file))
    throw ModelError(model.file.string() + ": there is no model (has the run finished?)");
  model.metadata = read_metadata(model.file);
  const auto text = model.metadata.find("config");
  if (text == model.metadata.end())
    throw ModelError(model.file.string() +
                     ": has no configuration in its metadata; was it written by shoal train?");
  ConfigDraft draft;
  try {
    read_config(text->second, model.file.string() + " (metadata)", "", draft);
  } catch (const InvalidArgument& error) {
    throw ModelError(error.what());
  }
  model.config = resolve_config(options.common, finished(draft));
  return model;
}

OpenedData open_data(const std::string& data, const TrainedModel& model, QueryTargets targets) {
  OpenedData opened;
  const bool labels = model.config.loss.kind == LossKind::softmax;
  if (data.empty()) {
    opened.source = make_task_source(model.config);
  } else if (data.ends_with(".safetensors")) {
    opened.source = make_file_source(data, model.config.seed);
  } else {
    const auto text = model.metadata.find("preprocessing");
    if (text == model.metadata.end())
      throw ModelError(model.file.string() + ": was not trained on a table, so it cannot read " + data +
                       "; give a task file (.safetensors)");
    opened.source =
        make_table_source(data, preprocessing_from_json(text->second),
                          labels ? TargetType::label : TargetType::real, targets, model.config.seed);
  }
  opened.table = dynamic_cast<const TableSource*>(opened.source.get());
  return opened;
}

ModelSpec model_of_file(RunConfig config, const TaskSource& source, const std::filesystem::path& file) {
  if (config.loss.kind == LossKind::softmax && config.model.outputs == 0)
    config.model.outputs = outputs_in(file);
  return model_for(config, source);
}

template <class Real>
BasicMetaLearner<Real> open_learner(const Context& context, const TrainedModel& model,
                                    const TaskSource& source) {
  BasicMetaLearner<Real> learner(
      context, learner_options<Real>(model.config, model_of_file(model.config, source, model.file)));
  learner.set_parameters(read_parameters<Real>(model.file, learner.layout(), learner.rate_layout(),
                                               MissingRates::error,
                                               inner_loop_of(model.config.algorithm).learning_rate)
                             .parameters);
  return learner;
}

template MetaLearner open_learner<float>(const Context&, const TrainedModel&, const TaskSource&);
template MetaLearner64 open_learner<double>(const Context&, const TrainedModel&, const TaskSource&);

}  // namespace shoal::cli
