// SPDX-License-Identifier: Apache-2.0
#include <shoal/task_source.hpp>

#include <shoal/error.hpp>

#include "core/name_table.hpp"

namespace shoal {
namespace {

constexpr std::pair<Sampling, std::string_view> sampling_names[] = {{Sampling::tasks, "tasks"},
                                                                    {Sampling::rows, "rows"}};

}  // namespace

std::string_view to_string(Sampling sampling) {
  return name_in<Sampling>(sampling_names, sampling);
}
Sampling sampling_from_string(std::string_view name) {
  return value_in<Sampling>(sampling_names, "sampling", name);
}

const TargetUnits& TaskSource::target_units() const {
  static const TargetUnits none;
  return none;
}

void TaskSource::require_labels_below(int model_classes) const {
  if (classes() > model_classes)
    throw DataError("the tasks have " + std::to_string(classes()) + " classes, the model has " +
                    std::to_string(model_classes) + " outputs");
}

}  // namespace shoal
