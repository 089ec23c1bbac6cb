// SPDX-License-Identifier: Apache-2.0
#include "run/trained_model.hpp"

#include <charconv>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

#include <shoal/config.hpp>
#include <shoal/error.hpp>
#include <shoal/input_file.hpp>

#include "config/config_file.hpp"
#include "run/learner_options.hpp"

namespace shoal {
namespace {

using config::ConfigDraft;
using config::finished;
using config::read_config;

/// Finds the paths of a model's data. Its metadata has the names of the files only; run.json in the same
/// folder has their paths.
void locate_files(const std::filesystem::path& run_file, ConfigDraft& draft) {
  if (!std::filesystem::exists(std::filesystem::symlink_status(run_file))) return;
  const std::string text = read_file<ModelError>(run_file, Links::refused);
  ConfigDraft located;
  try {
    read_config(nlohmann::json::parse(text).at("config").get<std::string>(), run_file.string(), "", located);
  } catch (const nlohmann::json::exception& error) {
    throw ModelError(run_file.string() + ": " + error.what());
  } catch (const InvalidArgument& error) {
    throw ModelError(error.what());
  }
  draft.config.tasks.table.path = located.config.tasks.table.path;
  draft.config.explain.reasons = located.config.explain.reasons;
}

std::optional<int> selected_steps_of(const TrainedModel& model) {
  const auto found = model.metadata.find("selected_steps");
  if (found == model.metadata.end()) return std::nullopt;
  const std::string& text = found->second;
  int steps = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), steps);
  if (error != std::errc() || end != text.data() + text.size() || steps < 0)
    throw ModelError(model.file.string() + ": metadata \"selected_steps\" is not a number of steps");
  return steps;
}

/// What the gate of the training decided; nothing where the configuration has it off.
std::optional<GateReport> gate_in(const TrainedModel& model) {
  if (model.config.gate == Gate::off) return std::nullopt;
  const auto found = model.metadata.find("gate");
  if (found == model.metadata.end())
    throw InvalidArgument("algorithm.gate: " + model.file.string() +
                          " was trained without a gate, which decides at the end of a training");
  try {
    return gate_from_json(found->second);
  } catch (const ModelError& error) {
    throw ModelError(model.file.string() + ": metadata \"gate\": " + error.what());
  }
}

/// Reads the configuration from a model's metadata.
ConfigDraft trained_draft(const TrainedModel& model) {
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
  try {
    validate(finished(draft).algorithm);
  } catch (const InvalidArgument& error) {  // the file is wrong, not the caller
    throw ModelError(model.file.string() + " (metadata): " + error.what());
  }
  return draft;
}

/// Reads how the model's data were preprocessed, and the hashes of its files.
void read_data_entries(TrainedModel& model) {
  if (const auto found = model.metadata.find("preprocessing"); found != model.metadata.end()) try {
      model.preprocessing = preprocessing_from_json(found->second);
    } catch (const ModelError& error) {
      throw ModelError(model.file.string() + " (metadata): " + error.what());
    }
  if (const auto found = model.metadata.find("inputs"); found != model.metadata.end()) {
    const auto hashes = nlohmann::json::parse(found->second, nullptr, false);
    if (!hashes.is_object()) throw ModelError(model.file.string() + ": metadata \"inputs\" is not JSON");
    for (const auto& [name, hash] : hashes.items())
      if (hash.is_string()) model.data_hash[name] = hash.get<std::string>();
  }
}

/// Throws when the configuration changes the network or the loss, which belong to the model.
void require_same_model(const TrainedModel& model) {
  const auto its_own = [&](const char* table) {
    return InvalidArgument(std::string(table) + ": " + model.file.string() +
                           " was trained with another, which is part of it: see `shoal inspect model`");
  };
  const ModelConfig &now = model.config.model, &then = model.trained.model;
  if (std::tie(now.hidden, now.activation, now.skip) != std::tie(then.hidden, then.activation, then.skip))
    throw its_own("model");
  if (model.config.loss != model.trained.loss) throw its_own("loss");
}

}  // namespace

int adaptation_steps(std::optional<int> asked, const TrainedModel& model) {
  if (asked) return *asked;
  return model.selected_steps.value_or(inner_loop_of(model.config.algorithm).steps);
}

namespace {

/// Of a model whose metadata are there: everything else. `run_file`: run.json of its folder; empty: none.
TrainedModel with_config(TrainedModel model, const std::filesystem::path& run_file,
                         const RunOptions& options) {
  ConfigDraft draft = trained_draft(model);
  read_data_entries(model);
  if (!run_file.empty()) locate_files(run_file, draft);
  model.trained = finished(draft);
  model.config = load_config(options.config, options.overrides, options.notify, model.trained);
  if (inner_loop_of(model.config.algorithm).steps == inner_loop_of(model.trained.algorithm).steps)
    model.selected_steps = selected_steps_of(model);
  require_same_model(model);
  model.gate = gate_in(model);
  return model;
}

}  // namespace

TrainedModel open_trained(const std::filesystem::path& run, const RunOptions& options) {
  TrainedModel model;
  model.file = model_file(run);
  if (!std::filesystem::exists(model.file))
    throw ModelError(model.file.string() + ": there is no model (has the run finished?)");
  model.metadata = read_metadata(model.file);
  return with_config(std::move(model), std::filesystem::is_directory(run) ? run / "run.json" : "", options);
}

TrainedModel open_trained(std::span<const std::byte> bytes, const RunOptions& options) {
  TrainedModel model;
  model.file = "model in memory";
  model.bytes = parse_tensor_file(bytes, model.file.string());
  require_content_hash(model.file, *model.bytes);
  model.metadata = model.bytes->metadata;
  return with_config(std::move(model), "", options);
}

ModelSpec model_of_file(const TrainedModel& model, const TaskSource& source) {
  if (!model.bytes) return model_of_file(model.config, source, model.file);
  RunConfig config = model.config;
  if (config.loss.kind == LossKind::softmax && config.model.outputs == 0)
    config.model.outputs = outputs_in(*model.bytes, model.file.string());
  return model_for(config, source);
}

ModelSpec model_of_file(RunConfig config, const TaskSource& source, const std::filesystem::path& file) {
  if (config.loss.kind == LossKind::softmax && config.model.outputs == 0)
    config.model.outputs = outputs_in(file);
  return model_for(config, source);
}

void require_layout(const std::filesystem::path& file, const ModelSpec& claimed) {
  try {
    const ParameterLayout layout(claimed);
  } catch (const InvalidArgument& error) {
    throw ModelError(file.string() + ": " + error.what());
  }
}

template <class Real>
MetaParameters<Real> parameters_of(const TrainedModel& model, const ParameterLayout& layout,
                                   const RateLayout& rates) {
  const double inner_lr = inner_loop_of(model.config.algorithm).learning_rate;
  return read_parameters<Real>(model.content(), model.file.string(), layout, rates, MissingRates::error,
                               inner_lr)
      .parameters;
}

template MetaParameters<float> parameters_of(const TrainedModel&, const ParameterLayout&, const RateLayout&);
template MetaParameters<double> parameters_of(const TrainedModel&, const ParameterLayout&, const RateLayout&);

template <class Real>
BasicMetaLearner<Real> open_learner(const Context& context, const TrainedModel& model,
                                    const TaskSource& source) {
  const ModelSpec spec = model_of_file(model, source);
  require_layout(model.file, spec);
  return BasicMetaLearner<Real>(context, learner_options<Real>(model.config, spec, source),
                                [&](const ParameterLayout& layout, const RateLayout& rates) {
                                  return parameters_of<Real>(model, layout, rates);
                                });
}

template MetaLearner open_learner<float>(const Context&, const TrainedModel&, const TaskSource&);
template MetaLearner64 open_learner<double>(const Context&, const TrainedModel&, const TaskSource&);

}  // namespace shoal
