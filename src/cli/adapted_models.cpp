// SPDX-License-Identifier: Apache-2.0
#include "cli/adapted_models.hpp"

#include <algorithm>
#include <map>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

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
FastWeights<Real> read_adapted(const std::filesystem::path& file, const ParameterLayout& layout,
                               std::span<const std::int64_t> ids) {
  const TensorFile content = read_tensor_file(file);
  require_content_hash(file, content);
  const auto tensor = [&](const std::string& name) -> const Tensor& {
    const auto at = content.tensors.find(name);
    if (at == content.tensors.end()) throw ModelError(file.string() + ": tensor \"" + name + "\" is missing");
    return at->second;
  };
  const auto stored_ids = tensor("task_id").template values<std::int64_t>();
  const auto stored_status = tensor("status").template values<std::uint8_t>();
  const auto stored_step = tensor("failed_step").template values<std::int32_t>();
  if (stored_status.size() != stored_ids.size() || stored_step.size() != stored_ids.size())
    throw ModelError(file.string() + ": task_id, status and failed_step differ in length");
  std::map<std::int64_t, std::size_t> place;
  for (std::size_t t = 0; t < stored_ids.size(); ++t) place[stored_ids[t]] = t;

  for (const TensorSpec& spec : layout.tensors())  // memory only for what the file holds
    if (tensor("fast." + spec.name).shape !=
        with_tasks(static_cast<std::int64_t>(stored_ids.size()), spec.shape))
      throw ModelError(file.string() + ": tensor \"fast." + spec.name + "\" does not fit the model");
  FastWeights<Real> fast;
  for (const std::int64_t id : ids) {
    const auto at = place.find(id);
    if (at == place.end())
      throw DataError(file.string() + ": holds no adapted model for task " + std::to_string(id));
    if (stored_status[at->second] > 4)
      throw ModelError(file.string() + ": unknown status " + std::to_string(stored_status[at->second]));
    fast.status.push_back(static_cast<TaskStatus>(stored_status[at->second]));
    fast.failed_step.push_back(stored_step[at->second]);
  }
  fast.phi.resize(ids.size() * layout.size());
  for (const TensorSpec& spec : layout.tensors()) {
    const auto values = tensor("fast." + spec.name).template values<Real>();
    for (std::size_t t = 0; t < ids.size(); ++t)
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(place[ids[t]] * spec.size), spec.size,
                  fast.phi.begin() + static_cast<std::ptrdiff_t>(t * layout.size() + spec.offset));
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
template FastWeights<float> read_adapted(const std::filesystem::path&, const ParameterLayout&,
                                         std::span<const std::int64_t>);
template FastWeights<double> read_adapted(const std::filesystem::path&, const ParameterLayout&,
                                          std::span<const std::int64_t>);

}  // namespace shoal::cli
