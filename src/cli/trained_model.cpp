// SPDX-License-Identifier: Apache-2.0
#include "cli/trained_model.hpp"

#include <fstream>
#include <tuple>

#include <nlohmann/json.hpp>

#include <shoal/error.hpp>

#include "cli/config/config_file.hpp"

namespace shoal::cli {
namespace {

/// A model's metadata has only the names of files; the run folder beside it says where they lay.
void locate_files(const std::filesystem::path& run_file, ConfigDraft& draft) {
  std::ifstream stream(run_file);
  if (!stream) return;
  ConfigDraft located;
  try {
    read_config(nlohmann::json::parse(stream).at("config").get<std::string>(), run_file.string(), "",
                located);
  } catch (const nlohmann::json::exception& error) {
    throw ModelError(run_file.string() + ": " + error.what());
  } catch (const InvalidArgument& error) {
    throw ModelError(error.what());
  }
  draft.config.tasks.table.path = located.config.tasks.table.path;
}

}  // namespace

std::filesystem::path model_file(const std::string& run) {
  const std::filesystem::path file = run;
  return std::filesystem::is_directory(file) ? file / "model.safetensors" : file;
}

TrainedModel open_trained(const CommandOptions& options) {
  TrainedModel model;
  model.file = model_file(options.run);
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
  if (const auto found = model.metadata.find("preprocessing"); found != model.metadata.end())
    model.preprocessing = preprocessing_from_json(found->second);
  if (const auto found = model.metadata.find("inputs"); found != model.metadata.end()) {
    const auto hashes = nlohmann::json::parse(found->second, nullptr, false);
    if (!hashes.is_object()) throw ModelError(model.file.string() + ": metadata \"inputs\" is not JSON");
    for (const auto& [name, hash] : hashes.items())
      if (hash.is_string()) model.data_hash[name] = hash.get<std::string>();
  }
  if (std::filesystem::is_directory(options.run))
    locate_files(std::filesystem::path(options.run) / "run.json", draft);
  model.trained = finished(draft);
  const RunConfig& trained = model.trained;
  model.config = resolve_config(options.common, &trained);
  const auto its_own = [&](const char* table) {
    return InvalidArgument(std::string(table) + ": " + model.file.string() +
                           " was trained with another, which is part of it: see `shoal inspect model`");
  };
  const ModelConfig &now = model.config.model, &then = trained.model;
  if (std::tie(now.hidden, now.activation, now.skip) != std::tie(then.hidden, then.activation, then.skip))
    throw its_own("model");
  if (model.config.loss != trained.loss) throw its_own("loss");
  return model;
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
