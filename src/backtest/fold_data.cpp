// SPDX-License-Identifier: Apache-2.0
#include "backtest/fold_data.hpp"

#include <algorithm>

#include <shoal/error.hpp>
#include <shoal/no_tasks_error.hpp>
#include <shoal/quoted_text.hpp>

#include "run/model_selection.hpp"

namespace shoal {
namespace {

std::int64_t tasks_in(const OpenedData& data, Phase phase) {
  return data.source->size(phase).value_or(0);
}

/// "market.csv: fold 2004-01-01: "
std::string place_of(const Fold& fold, const OpenedData& data) {
  return printable(data.file, data.file.size()) + ": fold " + fold.name + ": ";
}

std::string counts_of(const Fold& fold, const OpenedData& data) {
  return "tasks by phase: train " + std::to_string(tasks_in(data, Phase::train)) + ", validation " +
         std::to_string(tasks_in(data, Phase::validation)) + "; see " + fold.validated_by;
}

/// What needs validation tasks; empty when nothing does.
std::string asker_of_validation(const RunConfig& config, std::span<const std::string> baselines) {
  if (config.evaluate.select_steps) return "evaluate.select_steps";
  if (config.train.validate_every.value_or(0) > 0) return "train.validate_every";
  const bool tuned = std::find(baselines.begin(), baselines.end(), "pooled-tuned") != baselines.end();
  return tuned ? "baseline pooled-tuned" : "";
}

void require_validation(const Fold& fold, const OpenedData& data, std::span<const std::string> baselines,
                        const Notify& notify) {
  if (tasks_in(data, Phase::validation) > 0) return;
  const std::string lacks = place_of(fold, data) + "no tasks in phase validation";
  if (const std::string asker = asker_of_validation(fold.config, baselines); !asker.empty())
    throw InvalidArgument(lacks + ", which " + asker + " needs (" + counts_of(fold, data) + ")");
  if (fold.asks_for_validation) tell_warning(notify, lacks + " (" + counts_of(fold, data) + ")");
}

}  // namespace

OpenedData open_fold(const Fold& fold, const RunConfig& config) {
  try {
    return open_source(config, {});
  } catch (const NoTasksError& error) {
    throw NoTasksError(error.where() + ": fold " + fold.name, error.phase(), error.counts(),
                       fold.validated_by);
  }
}

void require_trainable(std::vector<Fold>& folds, std::span<const std::string> baselines,
                       const std::vector<std::string>& labels, const Notify& notify) {
  for (Fold& fold : folds) {
    OpenedData data = open_fold(fold, fold.config);
    require_validation(fold, data, baselines, notify);
    with_validation(fold.config, data, {});  // refuses what cannot be without validations
    if (data.table->preprocessing().labels != labels)
      throw DataError(place_of(fold, data) + "it knows other classes than the first fold");
    fold.told = std::move(data.warnings);
  }
}

}  // namespace shoal
