// SPDX-License-Identifier: Apache-2.0
// Stores adapted models in a file, and finds the model of a task again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <shoal/adapted_models.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/tensor_file.hpp>

#include "run/opened_data.hpp"

namespace shoal {

/// Adds fast weights phi [tasks, P] to a file: a tensor [tasks, ...] named `fast.` + name for every
/// parameter.
template <class Real>
void store_fast_weights(TensorFile& content, const ParameterLayout& layout, std::span<const Real> phi);

/// Adapted models by task id. The weights have the order of the file, tensor by tensor, so that reading needs
/// no second copy.
template <class Real>
class StoredModels {
 public:
  /// Takes a file that has been read; `file` is its name in errors. Throws ModelError when it has no adapted
  /// models, or models of another layout.
  StoredModels(TensorFile content, std::string file, const ParameterLayout& layout);
  /// Copies models in memory. Throws ModelError when they have another layout.
  StoredModels(const AdaptedModels& models, const ParameterLayout& layout);

  /// Throws DataError, naming the first tasks and their number, when tasks of the data have no model here.
  void require_all(std::span<const std::int64_t> ids, const OpenedData& data) const;
  /// Sets the weights [P] of tasks that have no model here.
  void set_default(std::vector<Real> phi) { default_ = std::move(phi); }
  /// The fast weights of the tasks `ids`, in that order. Every task must have a model, unless set_default has
  /// been called.
  FastWeights<Real> of(std::span<const std::int64_t> ids) const;

 private:
  void add(std::int64_t id, TaskStatus status, std::int32_t failed_step);

  std::string name_;  // how errors name these models
  ParameterLayout layout_;
  std::map<std::int64_t, std::size_t> index_;  // task id -> index of the task below
  std::vector<TaskStatus> status_;
  std::vector<std::int32_t> failed_step_;
  std::vector<std::vector<Real>> weights_;  // one entry per tensor of the layout: [tasks, ...]
  std::vector<Real> default_;
};

extern template class StoredModels<float>;
extern template class StoredModels<double>;

/// How many steps the models of a file were adapted in. Throws ModelError, naming `file`.
int steps_of_adapted(const ModelMetadata& metadata, const std::string& file);

/// Whether a file holds adapted models rather than one model.
bool holds_adapted(const std::filesystem::path& file);
bool holds_adapted(const TensorFile& content);

}  // namespace shoal
