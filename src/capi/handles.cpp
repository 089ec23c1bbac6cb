// SPDX-License-Identifier: Apache-2.0
#include "capi/handles.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

#include <shoal/error.hpp>

namespace shoal::capi {
namespace {

/// Handles are numbers that never come back: an address would, at the next allocation.
struct Table {
  ForkSafeMutex<> lock;
  std::uintptr_t last = 0;
  std::unordered_map<const void*, Object> objects;
};

/// Never destroyed: a program may release handles while it exits.
Table& table() {
  static Table* const all = new Table;
  return *all;
}

const char* kind_of(const Object& object) {
  constexpr const char* names[] = {"a context", "tasks", "a learner", "adapted models"};
  return names[object.index()];
}

template <class State>
std::shared_ptr<State> found(const void* handle, const char* name, const char* wanted) {
  const std::string argument = std::string(name) + ": ";
  if (!handle) throw InvalidArgument(argument + "the handle is NULL");
  const std::optional<Object> object = find_handle(handle);
  if (!object) throw InvalidArgument(argument + "no handle, or one that is released");
  const auto* const state = std::get_if<std::shared_ptr<State>>(&*object);
  if (!state) throw InvalidArgument(argument + "the handle is of " + kind_of(*object) + ", not of " + wanted);
  return *state;
}

}  // namespace

void* add_handle(Object object) {
  const std::lock_guard lock(table().lock);
  void* const handle = reinterpret_cast<void*>(++table().last);  // NOLINT: a number, which nobody follows
  table().objects.emplace(handle, std::move(object));
  return handle;
}

std::optional<Object> find_handle(const void* handle) {
  const std::lock_guard lock(table().lock);
  const auto at = table().objects.find(handle);
  return at == table().objects.end() ? std::nullopt : std::optional(at->second);
}

bool remove_handle(const void* handle) {
  decltype(Table::objects)::node_type gone;  // its object is destroyed when the lock is free again
  const std::lock_guard lock(table().lock);
  gone = table().objects.extract(handle);
  return !gone.empty();
}

std::shared_ptr<ContextState> state_of(const shoal_context* handle, const char* name) {
  return found<ContextState>(handle, name, "a context");
}
std::shared_ptr<TasksState> state_of(const shoal_tasks* handle, const char* name) {
  return found<TasksState>(handle, name, "tasks");
}
std::shared_ptr<LearnerState> state_of(const shoal_learner* handle, const char* name) {
  return found<LearnerState>(handle, name, "a learner");
}
std::shared_ptr<AdaptedState> state_of(const shoal_adapted* handle, const char* name) {
  return found<AdaptedState>(handle, name, "adapted models");
}

}  // namespace shoal::capi
