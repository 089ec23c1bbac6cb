// SPDX-License-Identifier: Apache-2.0
// What a run folder says of where the run came from: its inputs, what a resumed run must agree with, what
// travels with the model.
#pragma once

#include <map>
#include <string>

#include <shoal/context.hpp>
#include <shoal/run_config.hpp>
#include <shoal/run_folder.hpp>

#include "run/opened_data.hpp"

namespace shoal {

/// SHA-256 of the files that a run reads, by path.
using InputHashes = std::map<std::string, std::string>;
InputHashes input_hashes(const RunConfig& config);

/// The same configuration with paths that hold from any folder. Behind a link `..` is not the link's folder:
/// they stay as they are written.
RunConfig with_absolute_paths(RunConfig config);

/// All that decides a bit of a training, one line each: a run goes on from a checkpoint of the same manifest
/// alone. `precision`: "f32" or "f64".
std::string manifest_of(const RunConfig& config, const InputHashes& hashes, const char* precision);

/// Metadata of the model, without what selection adds.
ModelMetadata metadata_of(const RunConfig& config, const InputHashes& hashes, const OpenedData& data);

/// run.json: everything, also where the run happened.
std::string run_json(const RunConfig& config, const InputHashes& hashes, const Context& context);

}  // namespace shoal
