// SPDX-License-Identifier: Apache-2.0
#include "run/run_tasks.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace shoal {
namespace {

bool holds(const std::vector<std::int64_t>& ids, std::int64_t id) {
  return std::binary_search(ids.begin(), ids.end(), id);
}

}  // namespace

RunTasks::RunTasks(const ModelMetadata& metadata, const std::string& file) {
  for (const auto& [name, ids] :
       {std::pair("train_tasks", &train_), std::pair("validation_tasks", &validation_),
        std::pair("test_tasks", &test_), std::pair("held_out_tasks", &held_out_),
        std::pair("warm_start_tasks", &warm_start_)})
    if (const auto found = metadata.find(name); found != metadata.end()) {
      *ids = ids_of_text(found->second, file + ": metadata \"" + name + "\"");
      known_ = true;
    }
}

RunTasks RunTasks::of(const TaskSource& source, bool whole) {
  RunTasks tasks;
  tasks.train_ = source.ids(Phase::train);
  if (!whole) {
    tasks.validation_ = source.ids(Phase::validation);
    tasks.test_ = source.ids(Phase::test);
    tasks.held_out_ = source.ids(Phase::held_out);
  }
  tasks.known_ = !tasks.train_.empty();
  return tasks;
}

RunTasks RunTasks::none() {
  RunTasks tasks;
  tasks.known_ = true;
  return tasks;
}

RunTasks RunTasks::generated(Phase phase, std::int64_t trained) {
  RunTasks tasks = none();
  tasks.generated_ = phase;
  tasks.trained_ = trained;
  return tasks;
}

void RunTasks::add_warm_start(const RunTasks& other) {
  Ids theirs, all;
  std::set_union(other.train_.begin(), other.train_.end(), other.warm_start_.begin(), other.warm_start_.end(),
                 std::back_inserter(theirs));
  std::set_union(warm_start_.begin(), warm_start_.end(), theirs.begin(), theirs.end(),
                 std::back_inserter(all));
  warm_start_ = std::move(all);
}

void RunTasks::put(ModelMetadata& metadata) const {
  const auto add = [&](const char* name, const Ids& ids) {
    if (!ids.empty()) metadata[name] = text_of_ids(ids);
  };
  add("train_tasks", train_);
  add("validation_tasks", validation_);
  add("test_tasks", test_);
  add("held_out_tasks", held_out_);
  add("warm_start_tasks", warm_start_);
}

std::string RunTasks::phase_of(std::int64_t id) const {
  if (generated_) return to_string(*generated_);
  if (holds(train_, id)) return to_string(Phase::train);
  if (holds(validation_, id)) return to_string(Phase::validation);
  if (holds(held_out_, id)) return to_string(Phase::held_out);
  return holds(test_, id) ? to_string(Phase::test) : "new";
}

bool RunTasks::trained_on(std::int64_t id) const {
  if (generated_) return *generated_ == Phase::train && id < trained_;
  return holds(train_, id) || holds(warm_start_, id);
}

}  // namespace shoal
