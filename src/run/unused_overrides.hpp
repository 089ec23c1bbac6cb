// SPDX-License-Identifier: Apache-2.0
// Overrides that cannot change what is done with a trained model: silence about them would be taken for their
// effect.
#pragma once

#include <span>

#include <shoal/run.hpp>

#include "run/trained_model.hpp"

namespace shoal {

enum class RunUse { evaluate, adapt, predict };

/// What is about to be done with a trained model.
struct Intent {
  RunUse use = RunUse::evaluate;
  const RunData& data;
  std::span<const int> steps = {};  ///< that were asked for; empty: none were
  bool adapted = false;             ///< the models have been adapted already
  bool splits = false;              ///< a table is split as in the run
};

/// Looks at every key that differs from the run's. Of one without effect it warns; one of [algorithm] that is
/// among the overrides is refused (InvalidArgument), for its effect would be in the numbers.
void check_overrides(const RunOptions& options, const TrainedModel& model, const Intent& intent);

}  // namespace shoal
