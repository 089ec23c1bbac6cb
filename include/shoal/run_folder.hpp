// SPDX-License-Identifier: Apache-2.0
// RUN/: model.safetensors, metrics.jsonl, run.json, checkpoints/, train.log (contract.md 2). Crash-safe:
// files are written beside their name, synced, renamed, and the folder synced; the two logs are appended to,
// a whole line at a time.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <shoal/trainer.hpp>

namespace shoal {

/// Text entries of model.safetensors: "config" (resolved TOML), "preprocessing" (JSON), "version".
using ModelMetadata = std::map<std::string, std::string>;

template <class Real>
struct StoredModel {
  MetaParameters<Real> parameters;
  ModelMetadata metadata;
};

/// Creates RUN/ (throws InvalidArgument when it already holds a run and `start` is beginning; ResourceError
/// on I/O). `manifest` identifies configuration, version and input hashes; a checkpoint of another manifest
/// is refused, and so is a run of which no checkpoint can be read (ModelError). `warn` is told of every
/// checkpoint that load() passes over.
template <class Real>
std::unique_ptr<RunStore<Real>> open_run(const std::filesystem::path& folder, const std::string& manifest,
                                         const ParameterLayout& layout, const RateLayout& rates,
                                         StartFrom start, std::function<void(const std::string&)> warn = {});

/// Parameters file of contract.md 2. f64 rounds to nearest for float, f32 widens exactly for double. Learned
/// rates absent from the file start at `inner_lr` when `missing_rates` allows it. Throws ModelError naming
/// the tensor.
enum class MissingRates { error, start };
template <class Real>
StoredModel<Real> read_parameters(const std::filesystem::path& file, const ParameterLayout& layout,
                                  const RateLayout& rates, MissingRates missing, double inner_lr);
template <class Real>
void write_parameters(const std::filesystem::path& file, const ParameterLayout& layout,
                      const RateLayout& rates, const MetaParameters<Real>& parameters,
                      const ModelMetadata& metadata);
/// Widths of layers.{i}.weight in a parameters file, e.g. for softmax classes: the last layer's outputs.
int outputs_in(const std::filesystem::path& file);
ModelMetadata read_metadata(const std::filesystem::path& file);

}  // namespace shoal
