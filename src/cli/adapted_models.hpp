// SPDX-License-Identifier: Apache-2.0
// A.safetensors: the adapted models of many tasks in one file (docs/formats.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <vector>

#include <shoal/meta_learner.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/tensor_file.hpp>

#include "cli/opened_data.hpp"

namespace shoal::cli {

template <class Real>
void write_adapted(const std::filesystem::path& file, const ParameterLayout& layout,
                   const FastWeights<Real>& fast, std::span<const std::int64_t> ids,
                   const ModelMetadata& metadata);

/// Puts adapted weights [tasks, P] into a file: `fast.` + each parameter's name [tasks, ...].
template <class Real>
void put_fast_weights(TensorFile& content, const ParameterLayout& layout, std::span<const Real> phi);

/// The adapted models of a file.
template <class Real>
class AdaptedModels {
 public:
  /// Throws ModelError: not such a file, or not of this layout.
  AdaptedModels(const std::filesystem::path& file, const ParameterLayout& layout);
  /// Throws DataError with their number and the first keys when tasks of the data have no model here.
  void require_all(std::span<const std::int64_t> ids, const OpenedData& data) const;
  /// The models of the tasks `ids`, in that order; all must be there.
  FastWeights<Real> of(std::span<const std::int64_t> ids) const;

 private:
  std::filesystem::path file_;
  ParameterLayout layout_;
  std::map<std::int64_t, std::size_t> place_;  // of a task in the file
  std::vector<TaskStatus> status_;
  std::vector<std::int32_t> failed_step_;
  std::vector<std::vector<Real>> weights_;  // by tensor of the layout: [tasks, ...]
};

extern template class AdaptedModels<float>;
extern template class AdaptedModels<double>;

/// Whether a file holds adapted models rather than one model.
bool is_adapted(const std::filesystem::path& file);

}  // namespace shoal::cli
