// SPDX-License-Identifier: Apache-2.0
// GeneratesTasks: a task source whose training tasks follow from a formula and their ids alone, so that a
// backend may draw them where it computes. sample() of the source gives the same bits.
#pragma once

#include <shoal/task_source.hpp>

#include "kernels/generate/generated_task.hpp"

namespace shoal {

class GeneratesTasks {
 public:
  virtual ~GeneratesTasks() = default;
  /// Of the tasks of sample() in this phase; one input and one target column.
  virtual kernels::GeneratorFormula formula(Phase phase) const = 0;
};

}  // namespace shoal
