// SPDX-License-Identifier: Apache-2.0
// Writes one meta-gradient over a task file to a file, so that other implementations can be compared with it.
//
// Example:
//
//   const std::vector<shoal::ConfigOverride> over = {"tasks.source=file", "tasks.path=tasks.safetensors"};
//   const shoal::RunConfig config = shoal::load_config("", over);
//   const shoal::GradientReport report = shoal::write_gradient(config, "gradient.safetensors");
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
  std::filesystem::path parameters = {};  ///< parameters file; empty = parameters drawn with the seed
  bool fast_weights = false;              ///< also write the fast weights of every task
  /// Device, stream and the other options that a configuration does not have, as in TrainRunOptions.
  ContextOptions context = {};
};

struct GradientReport {
  std::string backend;
  std::int64_t tasks = 0, good = 0;
  double mean_query_loss_before = 0.0, mean_query_loss = 0.0;  ///< over good tasks; NaN when none is good
  std::vector<FailedTask> failures;
};

/// Computes the meta-gradient over the tasks of `config.tasks.table.path` (tasks.source must be "file") and
/// writes it to `file` (docs/formats.md): as f64 on the reference backend, else as f32. The gradient is zero
/// when no task is good. Throws InvalidArgument, DataError, ModelError or ResourceError.
GradientReport write_gradient(const RunConfig& config, const std::filesystem::path& file,
                              const GradientOptions& options = {});

}  // namespace shoal
