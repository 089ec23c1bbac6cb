// SPDX-License-Identifier: Apache-2.0
// Finds overrides that have no effect on a trained model. Without a message, users would think that they had
// one.
#pragma once

#include <span>

#include <shoal/run.hpp>

#include "run/trained_model.hpp"

namespace shoal {

enum class RunUse { evaluate, adapt, predict, explain };

/// What the caller is about to do with a trained model.
struct Intent {
  RunUse use = RunUse::evaluate;
  const RunData& data;
  std::span<const int> steps = {};  ///< the numbers of steps that the caller asked for; empty = none
  bool adapted = false;             ///< the models have been adapted already
  bool splits = false;              ///< a table is split as in the run
};

/// Checks every key whose value differs from the run's. Sends a warning for a key without effect. Throws
/// InvalidArgument for an override of [algorithm] without effect, because users would attribute the results
/// to it.
void check_overrides(const RunOptions& options, const TrainedModel& model, const Intent& intent);

}  // namespace shoal
