// SPDX-License-Identifier: Apache-2.0
// Overrides that cannot change what a command does: silence about them would be taken for their effect.
#pragma once

#include "cli/config/config_keys.hpp"
#include "cli/options.hpp"
#include "cli/trained_model.hpp"

namespace shoal::cli {

enum class Command { evaluate, adapt, predict };

/// What a command on a trained model is about to do.
struct Intent {
  Command command = Command::evaluate;
  bool adapted = false;  ///< the models have been adapted already
  bool splits = false;   ///< a table is split as in the run
};

/// Tells on standard error which keys of --set a configuration has no use for, e.g. loss.delta without huber.
void tell_idle_keys(const std::vector<std::string>& overrides, const ConfigDraft& draft);

/// Looks at every key that differs from the run's. One without effect is told on standard error; one of
/// [algorithm] that was given with --set is refused (InvalidArgument), for its effect would be in the
/// numbers.
void check_overrides(const CommandOptions& options, const TrainedModel& model, const Intent& intent);

}  // namespace shoal::cli
