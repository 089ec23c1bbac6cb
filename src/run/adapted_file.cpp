// SPDX-License-Identifier: Apache-2.0
#include "run/adapted_file.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/failed_tasks.hpp>
#include <shoal/tensor_file.hpp>

#include "core/float_environment.hpp"
#include "run/task_names.hpp"

namespace shoal {
namespace {

std::vector<std::int64_t> with_tasks(std::int64_t tasks, std::vector<std::int64_t> shape) {
  shape.insert(shape.begin(), tasks);
  return shape;
}

}  // namespace

template <class Real>
void store_fast_weights(TensorFile& content, const ParameterLayout& layout, std::span<const Real> phi) {
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

namespace {

TensorFile content_of(const AdaptedModels& models) {
  TensorFile content;
  content.metadata = models.metadata;
  std::vector<std::int64_t> ids;
  ids.reserve(models.tasks.size());
  for (const ReportedTask& task : models.tasks) ids.push_back(task.id);
  const auto tasks = static_cast<std::int64_t>(ids.size());
  std::visit(
      [&]<class Real>(const FastWeights<Real>& fast) {
        store_fast_weights(content, models.layout, std::span<const Real>(fast.phi));
        content.tensors["status"] =
            Tensor::of({tasks}, reinterpret_cast<const std::uint8_t*>(fast.status.data()));
        content.tensors["failed_step"] = Tensor::of({tasks}, fast.failed_step.data());
      },
      models.models);
  content.tensors["task_id"] = Tensor::of({tasks}, ids.data());
  return with_content_hash(std::move(content));
}

}  // namespace

std::vector<std::byte> adapted_file_bytes(const AdaptedModels& models) {
  return tensor_file_bytes(content_of(models));
}

void write_adapted(const std::filesystem::path& file, const AdaptedModels& models) {
  write_tensor_file(file, content_of(models));
}

template <class Real>
void StoredModels<Real>::add(std::int64_t id, TaskStatus status, std::int32_t failed_step) {
  if (!index_.try_emplace(id, status_.size()).second)
    throw ModelError(name_ + ": task id " + std::to_string(id) + " occurs twice");
  status_.push_back(status);
  failed_step_.push_back(failed_step);
}

template <class Real>
StoredModels<Real>::StoredModels(TensorFile content, std::string file, const ParameterLayout& layout)
    : name_(std::move(file)), layout_(layout) {
  require_content_hash(name_, content);
  const auto tensor = [&](const std::string& name) -> Tensor& {
    const auto at = content.tensors.find(name);
    if (at == content.tensors.end()) throw ModelError(name_ + ": tensor \"" + name + "\" is missing");
    return at->second;
  };
  const auto ids = tensor("task_id").template values<std::int64_t>();
  const auto status = tensor("status").template values<std::uint8_t>();
  const auto failed_step = tensor("failed_step").template values<std::int32_t>();
  if (status.size() != ids.size() || failed_step.size() != ids.size())
    throw ModelError(name_ + ": task_id, status and failed_step differ in length");
  for (std::size_t t = 0; t < ids.size(); ++t) {
    if (status[t] > 4) throw ModelError(name_ + ": unknown status " + std::to_string(status[t]));
    add(ids[t], static_cast<TaskStatus>(status[t]), failed_step[t]);
  }
  for (const TensorSpec& spec : layout.tensors()) {
    Tensor& stored = tensor("fast." + spec.name);
    if (stored.shape != with_tasks(static_cast<std::int64_t>(ids.size()), spec.shape))
      throw ModelError(name_ + ": tensor \"fast." + spec.name + "\" does not fit the model");
    weights_.push_back(stored.template values<Real>());
    stored.bytes = {};  // frees the memory: the values are in weights_ now
  }
}

template <class Real>
StoredModels<Real>::StoredModels(const AdaptedModels& models, const ParameterLayout& layout)
    : name_("the adapted models"), layout_(layout) {
  const FloatEnvironment environment;  // a conversion from double to float must round as the contract says
  const auto theirs = models.layout.tensors(), ours = layout.tensors();
  std::visit(
      [&]<class Other>(const FastWeights<Other>& fast) {
        const std::size_t count = models.tasks.size();
        if (!std::equal(theirs.begin(), theirs.end(), ours.begin(), ours.end()) ||
            fast.phi.size() != count * layout.size() || fast.status.size() != count ||
            fast.failed_step.size() != count)
          throw ModelError(name_ + " do not fit the model: they are of another run");
        for (std::size_t t = 0; t < count; ++t) add(models.tasks[t].id, fast.status[t], fast.failed_step[t]);
        for (const TensorSpec& spec : ours) {
          std::vector<Real> values;
          values.reserve(count * spec.size);
          for (std::size_t t = 0; t < count; ++t)
            std::transform(
                fast.phi.begin() + static_cast<std::ptrdiff_t>(t * layout.size() + spec.offset),
                fast.phi.begin() + static_cast<std::ptrdiff_t>(t * layout.size() + spec.offset + spec.size),
                std::back_inserter(values), [](Other value) { return static_cast<Real>(value); });
          weights_.push_back(std::move(values));
        }
      },
      models.models);
}

template <class Real>
void StoredModels<Real>::require_all(std::span<const std::int64_t> ids, const OpenedData& data) const {
  std::vector<std::string> names;
  for (const std::int64_t id : ids)
    if (!index_.contains(id)) names.push_back(task_name(data.source->key_of(id), id));
  if (names.empty()) return;
  std::sort(names.begin(), names.end());
  throw DataError(name_ + ": holds no adapted model for " + std::to_string(names.size()) + " of the " +
                  std::to_string(ids.size()) + " tasks: " + first_of(names, names.size()) +
                  "; make them with: shoal adapt RUN --data " + data.file);
}

template <class Real>
FastWeights<Real> StoredModels<Real>::of(std::span<const std::int64_t> ids) const {
  FastWeights<Real> fast;
  fast.phi.resize(ids.size() * layout_.size());
  for (std::size_t t = 0; t < ids.size(); ++t) {
    const auto found = index_.find(ids[t]);
    if (found == index_.end()) {
      std::copy(default_.begin(), default_.end(),
                fast.phi.begin() + static_cast<std::ptrdiff_t>(t * layout_.size()));
      fast.status.push_back(TaskStatus::good);
      fast.failed_step.push_back(-1);
      continue;
    }
    const std::size_t at = found->second;
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

int steps_of_adapted(const ModelMetadata& metadata, const std::string& file) {
  const auto found = metadata.find("adaptation_steps");
  const std::string text = found == metadata.end() ? "" : found->second;
  int steps = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), steps);
  if (error != std::errc() || end != text.data() + text.size() || steps < 0)
    throw ModelError(file + ": metadata \"adaptation_steps\" is not a number of steps");
  return steps;
}

bool holds_adapted(const std::filesystem::path& file) {
  return !std::filesystem::is_directory(file) && holds_adapted(read_tensor_file(file));
}

bool holds_adapted(const TensorFile& content) {
  return content.tensors.contains("fast.layers.0.weight");
}

template void store_fast_weights(TensorFile&, const ParameterLayout&, std::span<const float>);
template void store_fast_weights(TensorFile&, const ParameterLayout&, std::span<const double>);
template class StoredModels<float>;
template class StoredModels<double>;

}  // namespace shoal
