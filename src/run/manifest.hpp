// SPDX-License-Identifier: Apache-2.0
// What a run records about itself: its inputs, what a resumed run must have in common with it, and the
// metadata of its model.
#pragma once

#include <map>
#include <string>

#include <shoal/context.hpp>
#include <shoal/run_config.hpp>
#include <shoal/run_folder.hpp>

#include "run/opened_data.hpp"

namespace shoal {

/// SHA-256 of what a run reads: of files by path, of tables in memory by their use.
using InputHashes = std::map<std::string, std::string>;
InputHashes input_hashes(const RunConfig& config, const TrainingTables& tables = {});

/// Makes the paths of a configuration absolute. It does not remove `..` parts: after a symbolic link, `..` is
/// not the folder that contains the link.
RunConfig with_absolute_paths(RunConfig config);

/// Everything that decides a bit of a training, one line each. A run resumes from checkpoints with the same
/// manifest only. `precision` is "f32" or "f64".
std::string manifest_of(const RunConfig& config, const InputHashes& hashes, const char* precision);

/// The same for a run on a table, with `tasks` (sha256_of_tasks) in place of the data and of the keys of
/// [tasks]. A run goes on from checkpoints of this text, too: so a table in memory can take the place of a
/// file that has its cells.
std::string manifest_by_tasks(const RunConfig& config, const std::string& tasks, const char* precision);

/// The metadata of a model, except for the entries of add_selection.
ModelMetadata metadata_of(const RunConfig& config, const InputHashes& hashes, const OpenedData& data);

/// The text of run.json: the configuration, the inputs, and where the run computed.
std::string run_json(const RunConfig& config, const InputHashes& hashes, const Context& context);

}  // namespace shoal
