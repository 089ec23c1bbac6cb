// SPDX-License-Identifier: Apache-2.0
// The tail of the tasks' losses after each number of adaptation steps.
#pragma once

#include <vector>

#include <shoal/meta_learner.hpp>

#include "report/evidence.hpp"

namespace shoal::report {

/// Mean, quantile and worst tasks of `losses`, of which there is at least one. `failed` and `steps` are left
/// to the caller.
StepFacts tail_of(std::vector<double> losses);

/// A line per number of steps, over the tasks that are good after all of them; failed tasks are counted.
/// Empty where no task is good.
std::vector<StepFacts> step_facts(const StepLosses<double>& losses, std::size_t tasks);

}  // namespace shoal::report
