// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <shoal.h>
#include <shoal/config.hpp>
#include <shoal/run.hpp>
#include <shoal/table_source.hpp>
#include <shoal/target_units.hpp>
#include <shoal/tensor_file.hpp>

#include "capi/failure.hpp"
#include "capi/handles.hpp"
#include "capi/model_metadata.hpp"
#include "capi/options.hpp"

using namespace shoal;
using namespace shoal::capi;

namespace {

constexpr std::string_view learner_keys[] = {"seed",
                                             "model.hidden",
                                             "model.activation",
                                             "model.skip",
                                             "model.init",
                                             "model.init_sd",
                                             "loss.",
                                             "train.optimizer",
                                             "train.lr",
                                             "train.beta1",
                                             "train.beta2",
                                             "train.epsilon",
                                             "train.weight_decay",
                                             "train.momentum",
                                             "train.clip",
                                             "train.schedule",
                                             "train.final_lr",
                                             "train.iterations",
                                             "train.chunk",
                                             "algorithm.name",
                                             "algorithm.inner_lr",
                                             "algorithm.inner_steps",
                                             "algorithm.learned_lr",
                                             "algorithm.max_move",
                                             "algorithm.step_weights"};

template <class Real>
typename BasicMetaLearner<Real>::Options learner_options_of(const RunConfig& config, const ModelSpec& model,
                                                            const Loss& loss) {
  return {.model = model,
          .loss = loss,
          .algorithm = config.algorithm,
          .optimizer = config.train.optimizer,
          .init = config.model.init,
          .seed = config.seed,
          .chunk = config.train.chunk};
}

ModelSpec model_of(const RunConfig& config, std::int64_t inputs, std::int64_t outputs) {
  constexpr std::int64_t widest = std::numeric_limits<std::int32_t>::max();
  if (inputs < 1 || inputs > widest)
    throw InvalidArgument("inputs must be at least 1, not " + std::to_string(inputs));
  if (outputs < 1 || outputs > widest)
    throw InvalidArgument("outputs must be at least 1, not " + std::to_string(outputs));
  return {static_cast<int>(inputs), config.model.hidden, static_cast<int>(outputs), config.model.activation,
          config.model.skip};
}

shoal_learner* handle_of(std::shared_ptr<LearnerState> state) {
  return static_cast<shoal_learner*>(add_handle(std::move(state)));
}

/// The network of a model file: its first and its last layer say how many inputs and outputs it has.
ModelSpec model_in(const Run& run, const TensorFile& content) {
  const auto shape = [&](const std::string& name) {
    const auto tensor = content.tensors.find(name);
    if (tensor == content.tensors.end() || tensor->second.shape.size() != 2)
      throw ModelError(run.file().string() + ": tensor \"" + name + "\" is missing or is no matrix");
    return tensor->second.shape;
  };
  const std::string last = "layers." + std::to_string(run.config().model.hidden.size()) + ".weight";
  try {
    ModelSpec spec = model_of(run.config(), shape("layers.0.weight")[0], shape(last)[1]);
    const ParameterLayout possible(spec);
    return spec;
  } catch (const InvalidArgument& error) {  // the file is wrong, not the caller
    throw ModelError(run.file().string() + ": " + error.what());
  }
}

/// In which the targets were scaled, where the model was trained on a table.
TargetUnits units_in(const ModelMetadata& metadata) {
  const auto found = metadata.find("preprocessing");
  return found == metadata.end() ? TargetUnits{} : preprocessing_from_json(found->second).target_units;
}

}  // namespace

extern "C" {

int shoal_learner_create(shoal_context* context, const char* toml, int32_t inputs, int32_t outputs,
                         shoal_learner** learner) {
  return guarded(__func__, [&] {
    require_pointer(learner, "learner");
    const auto owner = state_of(context);
    RunConfig config = options_of(toml, learner_keys);
    const ModelSpec model = model_of(config, inputs, outputs);
    config.tasks.source = TaskSourceKind::file;  // what a file of these parameters is used with
    const auto make = [&]<class Real>(Real) {
      return std::shared_ptr<LearnerState>(new LearnerState{
          owner,
          BasicMetaLearner<Real>(owner->context, learner_options_of<Real>(config, model, config.loss)),
          config,
          {},
          metadata_of(config, {})});
    };
    *learner = handle_of(owner->wide ? make(double{}) : make(float{}));
  });
}

int shoal_learner_load(shoal_context* context, const char* path, shoal_learner** learner) {
  return guarded(__func__, [&] {
    require_path(path);
    require_pointer(learner, "learner");
    const auto owner = state_of(context);
    const Run run = Run::open(path);
    if (run.is_adapted()) throw ModelError(run.file().string() + ": holds models that are adapted already");
    if (run.gate() && run.gate()->decision != Advice::all)
      throw ModelError(run.file().string() + ": its gate decided \"" +
                       std::string(to_string(run.gate()->decision)) +
                       "\", and the C interface adapts all parameters");
    const TensorFile content = read_tensor_file(run.file());
    const ModelSpec spec = model_in(run, content);
    const TargetUnits units = units_in(run.metadata());
    const Loss loss = scaled_loss(run.config().loss, units);
    const auto open = [&]<class Real>(Real) {
      const auto start = [&](const ParameterLayout& layout, const RateLayout& rates) {
        const double rate = inner_loop_of(run.config().algorithm).learning_rate;
        return read_parameters<Real>(content, run.file().string(), layout, rates, MissingRates::error, rate)
            .parameters;
      };
      return std::shared_ptr<LearnerState>(new LearnerState{
          owner,
          BasicMetaLearner<Real>(owner->context, learner_options_of<Real>(run.config(), spec, loss), start),
          run.config(), units, run.metadata()});
    };
    *learner = handle_of(owner->wide ? open(double{}) : open(float{}));
  });
}

int shoal_learner_save(const shoal_learner* learner, const char* path) {
  return guarded(__func__, [&] {
    require_path(path);
    const auto state = state_of(learner);
    const std::lock_guard lock(state->turn);
    std::visit(
        [&](const auto& engine) {
          write_parameters(path, engine.layout(), engine.rate_layout(), engine.parameters(), state->metadata);
        },
        state->learner);
  });
}

int shoal_learner_counts(const shoal_learner* learner, int64_t* parameters, int64_t* tensors) {
  return guarded(__func__, [&] {
    const auto state = state_of(learner);
    std::visit(
        [&](const auto& engine) {
          const auto& layout = engine.layout();
          const auto& rates = engine.rate_layout();
          if (parameters) *parameters = static_cast<std::int64_t>(layout.size() + rates.size());
          if (tensors) *tensors = std::ssize(layout.tensors()) + std::ssize(rates.tensors());
        },
        state->learner);
  });
}

int shoal_learner_tensor(const shoal_learner* learner, int64_t index, shoal_tensor* tensor) {
  return guarded(__func__, [&] {
    require_pointer(tensor, "tensor");
    const auto state = state_of(learner);
    std::visit(
        [&](const auto& engine) {
          const auto own = engine.layout().tensors(), rates = engine.rate_layout().tensors();
          const std::int64_t first = std::ssize(own), all = first + std::ssize(rates);
          if (index < 0 || index >= all)
            throw InvalidArgument("index: " + std::to_string(index) + " is none of 0 .. " +
                                  std::to_string(all - 1));
          const bool is_rate = index >= first;
          const TensorSpec& spec =
              is_rate ? rates[static_cast<std::size_t>(index - first)] : own[static_cast<std::size_t>(index)];
          const auto size = static_cast<std::int64_t>(spec.size);
          const bool matrix = spec.shape.size() == 2;
          *tensor = {spec.name.c_str(),
                     static_cast<std::int64_t>(spec.offset + (is_rate ? engine.layout().size() : 0)), size,
                     matrix ? spec.shape[0] : 1, matrix ? spec.shape[1] : size};
        },
        state->learner);
  });
}

int shoal_learner_parameters(const shoal_learner* learner, void* values, int64_t count) {
  return guarded(__func__, [&] {
    require_pointer(values, "values");
    const auto state = state_of(learner);
    const std::lock_guard lock(state->turn);
    std::visit(
        [&]<class Real>(const BasicMetaLearner<Real>& engine) {
          const auto& [theta, rates] = engine.parameters();
          require_count(count, std::ssize(theta) + std::ssize(rates), "the parameters");
          const auto end = std::copy(theta.begin(), theta.end(), static_cast<Real*>(values));
          std::copy(rates.begin(), rates.end(), end);
        },
        state->learner);
  });
}

int shoal_learner_set_parameters(shoal_learner* learner, const void* values, int64_t count) {
  return guarded(__func__, [&] {
    require_pointer(values, "values");
    const auto state = state_of(learner);
    const std::lock_guard lock(state->turn);
    std::visit(
        [&]<class Real>(BasicMetaLearner<Real>& engine) {
          MetaParameters<Real> parameters = engine.parameters();
          require_count(count, std::ssize(parameters.theta) + std::ssize(parameters.rates), "the parameters");
          const Real* from = static_cast<const Real*>(values);
          std::copy_n(from, parameters.theta.size(), parameters.theta.begin());
          std::copy_n(from + parameters.theta.size(), parameters.rates.size(), parameters.rates.begin());
          engine.set_parameters(std::move(parameters));
        },
        state->learner);
    state->metadata = metadata_of(state->config, state->metadata);
  });
}
}
