// SPDX-License-Identifier: Apache-2.0
// Makes a finite source from a task file; every task is in every phase.
#include <shoal/batch_source.hpp>
#include <shoal/error.hpp>
#include <shoal/task_file.hpp>

#include "core/batch_checks.hpp"

namespace shoal {

std::unique_ptr<TaskSource> make_file_source(const std::filesystem::path& file, std::uint64_t seed,
                                             const FileTargets& targets) {
  return make_file_source(file, read_tasks(file), seed, targets);
}

std::unique_ptr<TaskSource> make_file_source(const std::filesystem::path& file,
                                             std::variant<TaskBatch, TaskBatch64> tasks, std::uint64_t seed,
                                             const FileTargets& targets) {
  const TargetDomain domain = targets.loss.domain();
  try {
    std::visit(
        [&](const auto& batch) {
          if (targets.needed != TargetsNeeded::nowhere)
            check_targets(batch, "support", domain, NonFinite::refused);
          if (targets.needed == TargetsNeeded::everywhere)
            check_targets(batch, "query", domain, NonFinite::refused);
        },
        tasks);
  } catch (const DataError& error) {
    throw DataError(file.string() + ": " + error.what());
  }
  return make_batch_source(
      std::move(tasks), seed,
      {.units = targets.units, .loss = targets.loss, .name = file.string(), .sampling = targets.sampling});
}

}  // namespace shoal
