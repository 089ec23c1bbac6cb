// SPDX-License-Identifier: Apache-2.0
// AdaptedModels: the fast weights of many tasks, in memory. Run::adapt returns them, and write_adapted writes
// them to a file.
//
// Example:
//
//   const shoal::Run run = shoal::Run::open("runs/clients");
//   const shoal::AdaptedModels adapted = run.adapt("new-clients.csv", 5);
//   shoal::write_adapted("new-clients.safetensors", adapted);
#pragma once

#include <cstddef>
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
  ParameterLayout layout;  ///< name, shape and offset of every parameter
  /// phi [tasks, P] and one status per task; double on the reference backend, float on the others.
  std::variant<FastWeights<float>, FastWeights<double>> models;
  std::vector<ReportedTask> tasks;  ///< [tasks] in the order of the data
  int steps = 0;                    ///< number of adaptation steps, >= 0
  ModelMetadata metadata;  ///< metadata of the model that was adapted, and the entry "adaptation_steps"
  /// How many tasks there were, and which of them failed.
  TaskReport report;
};

/// Writes the models to a file, as `shoal adapt --out` does (docs/formats.md). Run::open opens such a file.
/// The write is crash-safe. Throws ResourceError when it fails.
void write_adapted(const std::filesystem::path& file, const AdaptedModels& models);
/// The bytes of that file.
std::vector<std::byte> adapted_file_bytes(const AdaptedModels& models);

}  // namespace shoal
