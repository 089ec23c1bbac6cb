// SPDX-License-Identifier: Apache-2.0
// The parameters file of contract.md 2.
#include <algorithm>

#include <shoal/error.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/tensor_file.hpp>

#include "core/float_environment.hpp"
#include "io/named_tensors.hpp"

namespace shoal {

template <class Real>
StoredModel<Real> read_parameters(const std::filesystem::path& file, const ParameterLayout& layout,
                                  const RateLayout& rates, MissingRates missing, double inner_lr) {
  const FloatEnvironment environment;
  const TensorFile content = read_tensor_file(file);
  StoredModel<Real> model;
  model.metadata = content.metadata;
  for (const auto& entry : content.tensors) {
    const std::string& name = entry.first;
    const auto named = [&](const TensorSpec& spec) { return spec.name == name; };
    if (std::none_of(layout.tensors().begin(), layout.tensors().end(), named) &&
        std::none_of(rates.tensors().begin(), rates.tensors().end(), named))
      throw ModelError(file.string() + ": unknown tensor \"" + name + "\"");
  }
  model.parameters.theta.resize(layout.size());
  for (const TensorSpec& spec : layout.tensors())
    take_tensor<Real>(file, content, spec, model.parameters.theta);
  model.parameters.rates.assign(rates.size(), static_cast<Real>(inner_lr));
  const bool any = std::any_of(rates.tensors().begin(), rates.tensors().end(),
                               [&](const TensorSpec& spec) { return content.tensors.contains(spec.name); });
  if (any || missing == MissingRates::error)
    for (const TensorSpec& spec : rates.tensors())
      take_tensor<Real>(file, content, spec, model.parameters.rates);
  return model;
}

template <class Real>
void write_parameters(const std::filesystem::path& file, const ParameterLayout& layout,
                      const RateLayout& rates, const MetaParameters<Real>& parameters,
                      const ModelMetadata& metadata) {
  TensorFile content;
  content.metadata = metadata;
  for (const TensorSpec& spec : layout.tensors()) put_tensor<Real>(content, spec, parameters.theta);
  for (const TensorSpec& spec : rates.tensors()) put_tensor<Real>(content, spec, parameters.rates);
  write_tensor_file(file, content);
}

template StoredModel<float> read_parameters(const std::filesystem::path&, const ParameterLayout&,
                                            const RateLayout&, MissingRates, double);
template StoredModel<double> read_parameters(const std::filesystem::path&, const ParameterLayout&,
                                             const RateLayout&, MissingRates, double);
template void write_parameters(const std::filesystem::path&, const ParameterLayout&, const RateLayout&,
                               const MetaParameters<float>&, const ModelMetadata&);
template void write_parameters(const std::filesystem::path&, const ParameterLayout&, const RateLayout&,
                               const MetaParameters<double>&, const ModelMetadata&);

int outputs_in(const std::filesystem::path& file) {
  const TensorFile content = read_tensor_file(file);
  const Tensor* last = nullptr;
  for (int l = 0;; ++l) {
    const auto at = content.tensors.find("layers." + std::to_string(l) + ".weight");
    if (at == content.tensors.end()) break;
    last = &at->second;
  }
  if (!last || last->shape.size() != 2 || last->shape[1] < 1 || last->shape[1] > 1 << 24)
    throw ModelError(file.string() +
                     ": no layers.{i}.weight of shape [inputs, outputs] to tell the outputs from");
  return static_cast<int>(last->shape[1]);
}

ModelMetadata read_metadata(const std::filesystem::path& file) {
  return read_tensor_file(file).metadata;
}

}  // namespace shoal
