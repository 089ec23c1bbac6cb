// SPDX-License-Identifier: Apache-2.0
// The files of a run folder RUN/: model.safetensors, metrics.jsonl, run.json, checkpoints/ and train.log
// (docs/formats.md). All writes are crash-safe: a file is written under a temporary name, synced and renamed,
// and then the folder is synced; the two logs grow by whole lines.
//
// Example:
//
//   #include <iostream>
//
//   const shoal::ModelMetadata metadata = shoal::read_metadata(shoal::model_file("runs/clients"));
//   std::cout << metadata.at("config");
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/input_file.hpp>
#include <shoal/tensor_file.hpp>
#include <shoal/trainer.hpp>

namespace shoal {

/// Text entries of model.safetensors, e.g. "config" (TOML of the whole configuration), "preprocessing" (JSON)
/// and "version".
using ModelMetadata = std::map<std::string, std::string>;

/// Encodes a set of task ids as a metadata entry: ascending, 8 bytes each, little-endian, in base64.
std::string text_of_ids(std::span<const std::int64_t> ids);
/// Decodes such an entry. Throws ModelError, naming `where`, when text_of_ids did not write the text.
std::vector<std::int64_t> ids_of_text(std::string_view text, const std::string& where);

/// The path of a model: `run` is a run folder or the model file itself. Throws ResourceError when the model
/// of a folder is a symbolic link.
std::filesystem::path model_file(const std::filesystem::path& run);

template <class Real>
struct StoredModel {
  MetaParameters<Real> parameters;
  ModelMetadata metadata;
};

/// Creates the run folder, or opens one, and locks it until the store is destroyed. `manifest` identifies the
/// configuration, the version and the hashes of the inputs; checkpoints with another manifest are refused,
/// unless both have the same `manifest_by_tasks`, which names the tasks by their content (empty: has none).
/// The store passes over a checkpoint, and tells `warn`, when its content differs from its hash, when its
/// counters are impossible, or when the log does not begin with the lines that the checkpoint counts. Throws
/// InvalidArgument when `start` is `beginning` and the folder already holds iterations of a run; ModelError
/// when the manifest is another one, or when a run has no readable checkpoint; ResourceError when input or
/// output fails, when another process has the folder, and when a name that Shoal writes there is a link or
/// not a regular file.
template <class Real>
std::unique_ptr<RunStore<Real>> open_run(const std::filesystem::path& folder, const std::string& manifest,
                                         const ParameterLayout& layout, const RateLayout& rates,
                                         StartFrom start, std::function<void(const std::string&)> warn = {},
                                         const std::string& manifest_by_tasks = {});

/// Appends a whole line to a log of the run folder. Throws ResourceError, also for a symbolic link.
void append_line(const std::filesystem::path& file, const std::string& line);

/// Reads and writes parameters files (docs/formats.md). Files are written with a hash of their content; a
/// file without a hash can be read unless it is the model of a run. Reading f64 as float rounds to nearest;
/// reading f32 as double is exact. When the file has no learned rates and `missing` is `start`, they start at
/// `inner_lr`. Throws ModelError, naming the tensor.
enum class MissingRates { error, start };
template <class Real>
StoredModel<Real> read_parameters(const std::filesystem::path& file, const ParameterLayout& layout,
                                  const RateLayout& rates, MissingRates missing, double inner_lr);
/// The same of a file that has been read; `name`: what errors call it.
template <class Real>
StoredModel<Real> read_parameters(const TensorFile& content, const std::string& name,
                                  const ParameterLayout& layout, const RateLayout& rates,
                                  MissingRates missing, double inner_lr);
template <class Real>
void write_parameters(const std::filesystem::path& file, const ParameterLayout& layout,
                      const RateLayout& rates, const MetaParameters<Real>& parameters,
                      const ModelMetadata& metadata, Links links = Links::followed);
/// The output width of the last layer in a parameters file; for softmax it is the number of classes.
int outputs_in(const std::filesystem::path& file);
int outputs_in(const TensorFile& content, const std::string& name);
/// Reads the metadata of a run's model. Throws ModelError, also when the file has no hash of its content.
ModelMetadata read_metadata(const std::filesystem::path& file);

}  // namespace shoal
