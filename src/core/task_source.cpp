// SPDX-License-Identifier: Apache-2.0
#include <shoal/task_source.hpp>

#include <shoal/error.hpp>

namespace shoal {

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
