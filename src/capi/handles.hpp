// SPDX-License-Identifier: Apache-2.0
// What the handles of shoal.h stand for. A table of all of them decides whether a pointer is one: a released,
// a foreign and a random pointer are refused without being followed.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>

#include <shoal.h>
#include <shoal/context.hpp>
#include <shoal/fork_safe_mutex.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/run_config.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/target_units.hpp>
#include <shoal/task_batch.hpp>

namespace shoal::capi {

struct ContextState {
  explicit ContextState(const ContextOptions& options)
      : context(options), wide(context.backend_name() == "reference") {}
  Context context;
  bool wide;  ///< computes in double
};

struct TasksState {
  std::variant<TaskBatch, TaskBatch64> tasks;
};

struct LearnerState {
  std::shared_ptr<ContextState> context;  ///< the learner refers to it
  std::variant<MetaLearner, MetaLearner64> learner;
  RunConfig config;
  TargetUnits units;          ///< of the targets, where the model was trained on scaled ones
  ModelMetadata metadata;     ///< of a file of its parameters; what a training said of them, while it holds
  ForkSafeMutex<> turn = {};  ///< calls queue
};

struct AdaptedState {
  ModelSpec model;
  std::variant<FastWeights<float>, FastWeights<double>> fast;
};

using Object = std::variant<std::shared_ptr<ContextState>, std::shared_ptr<TasksState>,
                            std::shared_ptr<LearnerState>, std::shared_ptr<AdaptedState>>;

/// Makes a handle of an object. The caller casts it to its type in shoal.h.
void* add_handle(Object object);
/// The object of a handle; nothing for what is no live handle.
std::optional<Object> find_handle(const void* handle);
/// Whether there was such a handle.
bool remove_handle(const void* handle);

/// The object of a handle that the argument `name` of a function is. Throws InvalidArgument for NULL, for
/// what is no live handle, and for a handle of another kind.
std::shared_ptr<ContextState> state_of(const shoal_context* handle, const char* name = "context");
std::shared_ptr<TasksState> state_of(const shoal_tasks* handle, const char* name = "tasks");
std::shared_ptr<LearnerState> state_of(const shoal_learner* handle, const char* name = "learner");
std::shared_ptr<AdaptedState> state_of(const shoal_adapted* handle, const char* name = "adapted");

}  // namespace shoal::capi
