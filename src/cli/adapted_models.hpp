// SPDX-License-Identifier: Apache-2.0
// A.safetensors: the adapted models of many tasks in one file (docs/formats.md).
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include <shoal/meta_learner.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/tensor_file.hpp>

namespace shoal::cli {

template <class Real>
void write_adapted(const std::filesystem::path& file, const ParameterLayout& layout,
                   const FastWeights<Real>& fast, std::span<const std::int64_t> ids,
                   const ModelMetadata& metadata);

/// Puts adapted weights [tasks, P] into a file: `fast.` + each parameter's name [tasks, ...].
template <class Real>
void put_fast_weights(TensorFile& content, const ParameterLayout& layout, std::span<const Real> phi);

/// The models of the tasks `ids`, in that order. Throws ModelError (not such a file), DataError (no model for
/// a task).
template <class Real>
FastWeights<Real> read_adapted(const std::filesystem::path& file, const ParameterLayout& layout,
                               std::span<const std::int64_t> ids);

/// Whether a file holds adapted models rather than one model.
bool is_adapted(const std::filesystem::path& file);

}  // namespace shoal::cli
