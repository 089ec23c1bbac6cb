// SPDX-License-Identifier: Apache-2.0
#include "cli/adapted_models.hpp"

#include <algorithm>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

#include "cli/failed_tasks.hpp"

namespace shoal::cli {
namespace {

std::vector<std::int64_t> with_tasks(std::int64_t tasks, std::vector<std::int64_t> shape) {
  shape.insert(shape.begin(), tasks);
  return shape;
}

}  // namespace

template <class Real>
void put_fast_weights(TensorFile& content, const ParameterLayout& layout, std::span<const Real> phi) {
  const std::size_t tasks = phi.size() / layout.size();
  for (const TensorSpec& spec : layout.tensors()) {
    std::vector<Real> values;
    values.reserve(tasks * spec.size);
    for (std::size_t t = 0; t < tasks; ++t) {
      const auto one = phi.subspan(t * layout.size() + spec.offset, spec.size);
      values.insert(values.end(), one.begin(), one.end());
    }
    content.tensors["fast." + spec.name] =
        Tensor::of(with_tasks(static_cast<std::int64_t>(tasks), spec.shape), values.data());
  }
}

template <class Real>
void write_adapted(const std::filesystem::path& file, const ParameterLayout& layout,
                   const FastWeights<Real>& fast, std::span<const std::int64_t> ids,
                   const ModelMetadata& metadata) {
  TensorFile content;
  content.metadata = metadata;
  const auto tasks = static_cast<std::int64_t>(ids.size());
  put_fast_weights(content, layout, std::span<const Real>(fast.phi));
  content.tensors["task_id"] = Tensor::of({tasks}, ids.data());
  content.tensors["status"] = Tensor::of({tasks}, reinterpret_cast<const std::uint8_t*>(fast.status.data()));
  content.tensors["failed_step"] = Tensor::of({tasks}, fast.failed_step.data());
  write_hashed_file(file, std::move(content));
}

template <class Real>
AdaptedModels<Real>::AdaptedModels(const std::filesystem::path& file, const ParameterLayout& layout)
    : file_(file), layout_(layout) {
  TensorFile content = read_tensor_file(file);
  require_content_hash(file, content);
  const auto tensor = [&](const std::string& name) -> Tensor& {
    const auto at = content.tensors.find(name);
    if (at == content.tensors.end()) throw ModelError(file.string() + ": tensor \"" + name + "\" is missing");
    return at->second;
  };
  const auto ids = tensor("task_id").template values<std::int64_t>();
  const auto status = tensor("status").template values<std::uint8_t>();
  failed_step_ = tensor("failed_step").template values<std::int32_t>();
  if (status.size() != ids.size() || failed_step_.size() != ids.size())
    throw ModelError(file.string() + ": task_id, status and failed_step differ in length");
  for (std::size_t t = 0; t < ids.size(); ++t) {
    if (!place_.try_emplace(ids[t], t).second)
      throw ModelError(file.string() + ": task id " + std::to_string(ids[t]) + " occurs twice");
    if (status[t] > 4) throw ModelError(file.string() + ": unknown status " + std::to_string(status[t]));
    status_.push_back(static_cast<TaskStatus>(status[t]));
  }
  for (const TensorSpec& spec : layout.tensors()) {
    Tensor& stored = tensor("fast." + spec.name);
    if (stored.shape != with_tasks(static_cast<std::int64_t>(ids.size()), spec.shape))
      throw ModelError(file.string() + ": tensor \"fast." + spec.name + "\" does not fit the model");
    weights_.push_back(stored.template values<Real>());
    stored.bytes = {};  // not held twice
  }
}

template <class Real>
void AdaptedModels<Real>::require_all(std::span<const std::int64_t> ids, const OpenedData& data) const {
  std::vector<std::string> names;
  for (const std::int64_t id : ids)
    if (!place_.contains(id)) names.push_back(task_name(data.source->key_of(id), id));
  if (names.empty()) return;
  std::sort(names.begin(), names.end());
  throw DataError(file_.string() + ": holds no adapted model for " + std::to_string(names.size()) +
                  " of the " + std::to_string(ids.size()) + " tasks: " + first_of(names, names.size()) +
                  "; make them with: shoal adapt RUN --data " + data.file);
}

template <class Real>
FastWeights<Real> AdaptedModels<Real>::of(std::span<const std::int64_t> ids) const {
  FastWeights<Real> fast;
  fast.phi.resize(ids.size() * layout_.size());
  for (std::size_t t = 0; t < ids.size(); ++t) {
    const std::size_t at = place_.at(ids[t]);
    fast.status.push_back(status_[at]);
    fast.failed_step.push_back(failed_step_[at]);
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      const TensorSpec& spec = layout_.tensors()[i];
      std::copy_n(weights_[i].begin() + static_cast<std::ptrdiff_t>(at * spec.size), spec.size,
                  fast.phi.begin() + static_cast<std::ptrdiff_t>(t * layout_.size() + spec.offset));
    }
  }
  return fast;
}

bool is_adapted(const std::filesystem::path& file) {
  return !std::filesystem::is_directory(file) &&
         read_tensor_file(file).tensors.contains("fast.layers.0.weight");
}

template void put_fast_weights(TensorFile&, const ParameterLayout&, std::span<const float>);
template void put_fast_weights(TensorFile&, const ParameterLayout&, std::span<const double>);
template void write_adapted(const std::filesystem::path&, const ParameterLayout&, const FastWeights<float>&,
                            std::span<const std::int64_t>, const ModelMetadata&);
template void write_adapted(const std::filesystem::path&, const ParameterLayout&, const FastWeights<double>&,
                            std::span<const std::int64_t>, const ModelMetadata&);
template class AdaptedModels<float>;
template class AdaptedModels<double>;

}  // namespace shoal::cli
