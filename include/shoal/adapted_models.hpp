// SPDX-License-Identifier: Apache-2.0
// AdaptedModels: the models that a run became on many tasks, as values in memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include <shoal/meta_learner.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/run_report.hpp>

namespace shoal {

struct AdaptedModels {
  ParameterLayout layout;  ///< names and places of a model's parameters
  /// [tasks, P] and status per task; double on the reference backend, else float.
  std::variant<FastWeights<float>, FastWeights<double>> models;
  std::vector<ReportedTask> tasks;  ///< [tasks], as the data ordered them
  int steps = 0;                    ///< adaptation steps
  ModelMetadata metadata;           ///< of the model that was adapted, and "adaptation_steps"
  TaskReport report;
};

/// Writes what `shoal adapt --out` writes (docs/formats.md); Run::open reads it. Crash-safe. Throws
/// ResourceError.
void write_adapted(const std::filesystem::path& file, const AdaptedModels& models);

}  // namespace shoal
