// SPDX-License-Identifier: Apache-2.0
// GeneratesTasks: implemented by task sources whose training tasks follow from a formula and the task id, so
// that a backend may draw them where it computes. The source's sample() gives the same bits.
#pragma once

#include <shoal/task_source.hpp>

#include "core/random.hpp"
#include "kernels/generate/generated_task.hpp"

namespace shoal {

/// The stream that the tasks of a phase are drawn from: the same id means different tasks in different
/// phases. Throws InvalidArgument for held_out, which no generator has.
Purpose purpose_of(Phase phase);

class GeneratesTasks {
 public:
  virtual ~GeneratesTasks() = default;
  /// The formula of the tasks that sample() draws in this phase. They have one input and one target column.
  virtual kernels::GeneratorFormula formula(Phase phase) const = 0;
};

}  // namespace shoal
