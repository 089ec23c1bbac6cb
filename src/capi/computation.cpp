// SPDX-License-Identifier: Apache-2.0
// Gradients, updates, adaptation, evaluation and predictions of the C interface.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <shoal.h>
#include <shoal/responses.hpp>
#include <shoal/target_units.hpp>

#include "capi/failure.hpp"
#include "capi/handles.hpp"
#include "capi/model_metadata.hpp"

using namespace shoal;
using namespace shoal::capi;

namespace {

template <class Real>
const BasicTaskBatch<Real>& tasks_for(const TasksState& state, const BasicMetaLearner<Real>&) {
  const auto* const tasks = std::get_if<BasicTaskBatch<Real>>(&state.tasks);
  if (!tasks) throw InvalidArgument("tasks: their numbers have another precision than the learner's context");
  return *tasks;
}

/// Runs `work` with the learner, one call at a time, and the tasks, in its units.
template <class Work>
void with_tasks(LearnerState& state, const TasksState& tasks, Work work) {
  const std::lock_guard lock(state.turn);
  std::visit(
      [&](auto& engine) {
        work(engine, scaled_tasks(state.config.loss, state.units, tasks_for(tasks, engine)));
      },
      state.learner);
}

template <class Values, class Number>
void copy_to(const Values& values, Number* to) {
  if (to) std::copy(values.begin(), values.end(), to);
}

void copy_status(const std::vector<TaskStatus>& status, std::uint8_t* to) {
  for (std::size_t t = 0; to && t < status.size(); ++t) to[t] = static_cast<std::uint8_t>(status[t]);
}

/// Losses are told in the user's units; the gradient is that of the loss that the learner computes.
template <class Real>
void tell(const LearnerState& learner, const MetaGradient<Real>& found, shoal_gradient& result) {
  const auto in_user_units = [&](double loss) {
    return loss_in_user_units(learner.config.loss.kind, learner.units, loss);
  };
  if (auto* const gradient = static_cast<Real*>(result.gradient)) {
    std::copy(found.rates.begin(), found.rates.end(),
              std::copy(found.theta.begin(), found.theta.end(), gradient));
  }
  if (auto* const losses = static_cast<Real*>(result.query_loss))
    std::transform(found.query_loss.begin(), found.query_loss.end(), losses,
                   [&](Real loss) { return static_cast<Real>(in_user_units(static_cast<double>(loss))); });
  copy_status(found.status, result.status);
  result.mean_query_loss = in_user_units(found.mean_query_loss);
  result.good = found.good;
}

}  // namespace

extern "C" {

int shoal_meta_gradient(const shoal_learner* learner, const shoal_tasks* tasks, shoal_gradient* result) {
  return guarded(__func__, [&] {
    require_pointer(result, "result");
    const auto state = state_of(learner);
    with_tasks(*state, *state_of(tasks), [&](const auto& engine, const auto& batch) {
      tell(*state, engine.meta_gradient(batch, KeepFastWeights::no, QueryLossBefore::skip), *result);
    });
  });
}

int shoal_meta_step(shoal_learner* learner, const shoal_tasks* tasks, shoal_gradient* result) {
  return guarded(__func__, [&] {
    require_pointer(result, "result");
    const auto state = state_of(learner);
    with_tasks(*state, *state_of(tasks), [&](auto& engine, const auto& batch) {
      tell(*state, engine.meta_step(batch, QueryLossBefore::skip), *result);
      state->metadata = metadata_of(state->config, state->metadata);
    });
  });
}

int shoal_evaluate(const shoal_learner* learner, const shoal_tasks* tasks, const int32_t* steps,
                   int32_t count, void* losses) {
  return guarded(__func__, [&] {
    require_pointer(steps, "steps");
    require_pointer(losses, "losses");
    if (count < 1) throw InvalidArgument("count must be at least 1, not " + std::to_string(count));
    const std::vector<int> asked(steps, steps + count);
    const auto state = state_of(learner);
    with_tasks(
        *state, *state_of(tasks), [&]<class Real>(const BasicMetaLearner<Real>& engine, const auto& batch) {
          const StepLosses<Real> found = engine.evaluate(batch, asked);
          const auto width = static_cast<std::size_t>(batch.size());
          for (std::size_t k = 0; k < asked.size(); ++k) {  // found.steps may have another order
            const auto at = std::find(found.steps.begin(), found.steps.end(), asked[k]) - found.steps.begin();
            for (std::size_t t = 0; t < width; ++t) {
              const Real loss = found.loss[static_cast<std::size_t>(at) * width + t];
              static_cast<Real*>(losses)[k * width + t] = static_cast<Real>(
                  loss_in_user_units(state->config.loss.kind, state->units, static_cast<double>(loss)));
            }
          }
        });
  });
}

int shoal_adapt(const shoal_learner* learner, const shoal_tasks* tasks, int32_t steps,
                shoal_adapted** adapted) {
  return guarded(__func__, [&] {
    require_pointer(adapted, "adapted");
    const auto state = state_of(learner);
    auto made = std::make_shared<AdaptedState>();
    with_tasks(*state, *state_of(tasks), [&](const auto& engine, const auto& batch) {
      made->model = engine.options().model;
      made->fast = engine.adapt(batch, steps);
    });
    *adapted = static_cast<shoal_adapted*>(add_handle(std::move(made)));
  });
}

int shoal_adapted_weights(const shoal_adapted* adapted, void* weights, int64_t count, uint8_t* status) {
  return guarded(__func__, [&] {
    const auto state = state_of(adapted);
    std::visit(
        [&]<class Real>(const FastWeights<Real>& fast) {
          if (weights) require_count(count, std::ssize(fast.phi), "the weights");
          copy_to(fast.phi, static_cast<Real*>(weights));
          copy_status(fast.status, status);
        },
        state->fast);
  });
}

int shoal_predict(const shoal_learner* learner, const shoal_adapted* adapted, const shoal_tasks* tasks,
                  void* outputs, int64_t count) {
  return guarded(__func__, [&] {
    require_pointer(outputs, "outputs");
    const auto state = state_of(learner);
    const auto models = state_of(adapted);
    with_tasks(
        *state, *state_of(tasks), [&]<class Real>(const BasicMetaLearner<Real>& engine, const auto& batch) {
          const auto* const fast = std::get_if<FastWeights<Real>>(&models->fast);
          if (!fast)
            throw InvalidArgument("adapted: the models have another precision than the learner's context");
          if (std::ssize(fast->status) != batch.size())
            throw InvalidArgument("adapted: models of " + std::to_string(fast->status.size()) +
                                  " tasks for " + std::to_string(batch.size()) + " tasks");
          if (models->model != engine.options().model)
            throw InvalidArgument("adapted: the models are not of this learner's network");
          require_count(count, batch.query().total_rows() * engine.options().model.outputs, "the outputs");
          std::vector<Real> found = engine.predict(*fast, batch.query(), batch.columns());
          outputs_to_user_units<Real>(state->config.loss, state->units, found);
          copy_to(found, static_cast<Real*>(outputs));
        });
  });
}

int shoal_responses(const shoal_learner* learner, const void* outputs, int64_t rows, void* values,
                    int64_t count, int32_t* per_row) {
  return guarded(__func__, [&] {
    const auto state = state_of(learner);
    std::visit(
        [&]<class Real>(const BasicMetaLearner<Real>& engine) {
          const auto& options = engine.options();
          const Responses responses(options.loss, options.model.outputs);
          const auto width = static_cast<std::int64_t>(responses.columns().size());
          if (!values && count == 0) {
            if (per_row) *per_row = static_cast<std::int32_t>(width);
            return;
          }
          require_pointer(outputs, "outputs");
          require_pointer(values, "values");
          if (rows < 0 || rows > (std::int64_t{1} << 32))
            throw InvalidArgument("rows is " + std::to_string(rows));
          require_count(count, rows * width, "the responses");
          const auto size = static_cast<std::size_t>(rows * options.model.outputs);
          responses.of_rows<Real>({static_cast<const Real*>(outputs), size},
                                  {static_cast<Real*>(values), static_cast<std::size_t>(count)}, rows);
          if (per_row) *per_row = static_cast<std::int32_t>(width);
        },
        state->learner);
  });
}
}
