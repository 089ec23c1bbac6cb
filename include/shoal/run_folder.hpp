// SPDX-License-Identifier: Apache-2.0
// RUN/: model.safetensors, metrics.jsonl, run.json, checkpoints/, train.log (docs/formats.md). Crash-safe:
// files are written beside their name, synced, renamed, and the folder synced; the two logs are appended to,
// a whole line at a time.
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
#include <shoal/trainer.hpp>

namespace shoal {

/// Text entries of model.safetensors: "config" (resolved TOML), "preprocessing" (JSON), "version".
using ModelMetadata = std::map<std::string, std::string>;

/// A set of task ids as an entry of the metadata: ascending, 8 bytes each, little-endian, in base64.
std::string text_of_ids(std::span<const std::int64_t> ids);
/// Throws ModelError, naming `where`, when the text is not what text_of_ids writes.
std::vector<std::int64_t> ids_of_text(std::string_view text, const std::string& where);

/// The model behind RUN, which is a run folder or the model file itself. Throws ResourceError when the
/// folder's model is a symbolic link.
std::filesystem::path model_file(const std::filesystem::path& run);

template <class Real>
struct StoredModel {
  MetaParameters<Real> parameters;
  ModelMetadata metadata;
};

/// Creates RUN/ and holds it alone until the store goes (throws InvalidArgument when it already holds
/// iterations of a run and `start` is beginning; ResourceError on I/O, when another process holds it, and
/// when a name that Shoal writes there is a link or no regular file). `manifest` identifies configuration,
/// version and input hashes; a checkpoint of another manifest is refused, and so is a run of which no
/// checkpoint can be read (ModelError). A checkpoint is passed over, and `warn` is told, when its content is
/// not that of its hash, its counters cannot be, or the log does not begin with the lines that it counts on.
template <class Real>
std::unique_ptr<RunStore<Real>> open_run(const std::filesystem::path& folder, const std::string& manifest,
                                         const ParameterLayout& layout, const RateLayout& rates,
                                         StartFrom start, std::function<void(const std::string&)> warn = {});

/// Appends a line to a log of the run folder, whole. Throws ResourceError, also for a symbolic link.
void append_line(const std::filesystem::path& file, const std::string& line);

/// Parameters file of docs/formats.md, written with a hash of its content; read without one unless it is the
/// model of a run. f64 rounds to nearest for float, f32 widens exactly for double. Learned rates absent from
/// the file start at `inner_lr` when `missing_rates` allows it. Throws ModelError naming the tensor.
enum class MissingRates { error, start };
template <class Real>
StoredModel<Real> read_parameters(const std::filesystem::path& file, const ParameterLayout& layout,
                                  const RateLayout& rates, MissingRates missing, double inner_lr);
template <class Real>
void write_parameters(const std::filesystem::path& file, const ParameterLayout& layout,
                      const RateLayout& rates, const MetaParameters<Real>& parameters,
                      const ModelMetadata& metadata, Links links = Links::followed);
/// Widths of layers.{i}.weight in a parameters file, e.g. for softmax classes: the last layer's outputs.
int outputs_in(const std::filesystem::path& file);
/// Metadata of the model of a run. Throws ModelError, also for a file without a hash of its content.
ModelMetadata read_metadata(const std::filesystem::path& file);

}  // namespace shoal
