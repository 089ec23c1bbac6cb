// SPDX-License-Identifier: Apache-2.0
// One meta-gradient over a task file, written to a file: what another implementation is compared with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <shoal/context.hpp>
#include <shoal/run_config.hpp>
#include <shoal/task_status.hpp>

namespace shoal {

struct GradientOptions {
  std::filesystem::path parameters = {};  ///< parameters file; empty: those that the seed draws
  bool fast_weights = false;              ///< also writes the adapted weights of every task
  /// What a configuration does not say of where the work runs, as in TrainRunOptions.
  ContextOptions context = {};
};

struct GradientReport {
  std::string backend;
  std::int64_t tasks = 0, good = 0;
  double mean_query_loss_before = 0.0, mean_query_loss = 0.0;  ///< over good tasks; NaN when none is good
  std::vector<FailedTask> failures;
};

/// Computes the meta-gradient over the tasks of `config.tasks.table.path` (tasks.source must be "file") and
/// writes it to `file` as docs/formats.md says: f64 on the reference backend, else f32; zero when no task is
/// good. Throws InvalidArgument, DataError, ModelError, ResourceError.
GradientReport write_gradient(const RunConfig& config, const std::filesystem::path& file,
                              const GradientOptions& options = {});

}  // namespace shoal
