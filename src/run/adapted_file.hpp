// SPDX-License-Identifier: Apache-2.0
// Adapted models as they are stored: the tensors of a file, and models to predict with, task by task.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <shoal/adapted_models.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/tensor_file.hpp>

#include "run/opened_data.hpp"

namespace shoal {

/// Puts adapted weights [tasks, P] into a file: `fast.` + each parameter's name [tasks, ...].
template <class Real>
void store_fast_weights(TensorFile& content, const ParameterLayout& layout, std::span<const Real> phi);

/// Adapted models, found by task id. Of a file they are not held twice: the tensors stay as they are stored.
template <class Real>
class StoredModels {
 public:
  /// Reads a file. Throws ModelError: not such a file, or not of this layout.
  StoredModels(const std::filesystem::path& file, const ParameterLayout& layout);
  /// Takes models in memory. Throws ModelError when they are of another layout.
  StoredModels(const AdaptedModels& models, const ParameterLayout& layout);

  /// Throws DataError with their number and the first keys when tasks of the data have no model here.
  void require_all(std::span<const std::int64_t> ids, const OpenedData& data) const;
  /// The models of the tasks `ids`, in that order; all must be there.
  FastWeights<Real> of(std::span<const std::int64_t> ids) const;

 private:
  void add(std::int64_t id, TaskStatus status, std::int32_t failed_step);

  std::string name_;  // in errors
  ParameterLayout layout_;
  std::map<std::int64_t, std::size_t> index_;  // of a task below
  std::vector<TaskStatus> status_;
  std::vector<std::int32_t> failed_step_;
  std::vector<std::vector<Real>> weights_;  // by tensor of the layout: [tasks, ...]
};

extern template class StoredModels<float>;
extern template class StoredModels<double>;

/// Whether a file holds adapted models rather than one model.
bool holds_adapted(const std::filesystem::path& file);

}  // namespace shoal
