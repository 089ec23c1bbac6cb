// SPDX-License-Identifier: Apache-2.0
// Reads and writes parameters files (docs/formats.md).
#include <algorithm>
#include <set>
#include <string_view>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/tensor_file.hpp>

#include "core/float_environment.hpp"
#include "io/named_tensors.hpp"

namespace shoal {

template <class Real>
StoredModel<Real> read_parameters(const std::filesystem::path& file, const ParameterLayout& layout,
                                  const RateLayout& rates, MissingRates missing, double inner_lr) {
  return read_parameters<Real>(read_tensor_file(file), file.string(), layout, rates, missing, inner_lr);
}

template <class Real>
StoredModel<Real> read_parameters(const TensorFile& content, const std::string& name,
                                  const ParameterLayout& layout, const RateLayout& rates,
                                  MissingRates missing, double inner_lr) {
  const FloatEnvironment environment;
  const std::filesystem::path file = name;
  // the file is the model of a run
  if (content.metadata.contains("config")) require_content_hash(file, content);
  std::set<std::string_view> known;
  for (const auto& specs : {layout.tensors(), rates.tensors()})
    for (const TensorSpec& spec : specs) known.insert(spec.name);
  for (const auto& entry : content.tensors)
    if (!known.contains(entry.first))
      throw ModelError(file.string() + ": unknown tensor " + quoted_text(entry.first));
  // Checks the tensors before it allocates memory: the configuration of a model may claim any size.
  for (const TensorSpec& spec : layout.tensors()) require_tensor(file, content, spec);
  const bool any = std::any_of(rates.tensors().begin(), rates.tensors().end(),
                               [&](const TensorSpec& spec) { return content.tensors.contains(spec.name); });
  const bool stored = any || missing == MissingRates::error;
  if (stored)
    for (const TensorSpec& spec : rates.tensors()) require_tensor(file, content, spec);
  StoredModel<Real> model;
  model.metadata = content.metadata;
  model.parameters.theta.resize(layout.size());
  for (const TensorSpec& spec : layout.tensors()) load_tensor<Real>(content, spec, model.parameters.theta);
  model.parameters.rates.assign(rates.size(), static_cast<Real>(inner_lr));
  if (stored)
    for (const TensorSpec& spec : rates.tensors()) load_tensor<Real>(content, spec, model.parameters.rates);
  return model;
}

template <class Real>
void write_parameters(const std::filesystem::path& file, const ParameterLayout& layout,
                      const RateLayout& rates, const MetaParameters<Real>& parameters,
                      const ModelMetadata& metadata, Links links) {
  TensorFile content;
  content.metadata = metadata;
  for (const TensorSpec& spec : layout.tensors()) store_tensor<Real>(content, spec, parameters.theta);
  for (const TensorSpec& spec : rates.tensors()) store_tensor<Real>(content, spec, parameters.rates);
  write_hashed_file(file, std::move(content), links);
}

template StoredModel<float> read_parameters(const std::filesystem::path&, const ParameterLayout&,
                                            const RateLayout&, MissingRates, double);
template StoredModel<double> read_parameters(const std::filesystem::path&, const ParameterLayout&,
                                             const RateLayout&, MissingRates, double);
template StoredModel<float> read_parameters(const TensorFile&, const std::string&, const ParameterLayout&,
                                            const RateLayout&, MissingRates, double);
template StoredModel<double> read_parameters(const TensorFile&, const std::string&, const ParameterLayout&,
                                             const RateLayout&, MissingRates, double);
template void write_parameters(const std::filesystem::path&, const ParameterLayout&, const RateLayout&,
                               const MetaParameters<float>&, const ModelMetadata&, Links);
template void write_parameters(const std::filesystem::path&, const ParameterLayout&, const RateLayout&,
                               const MetaParameters<double>&, const ModelMetadata&, Links);

int outputs_in(const std::filesystem::path& file) {
  return outputs_in(read_tensor_file(file), file.string());
}

int outputs_in(const TensorFile& content, const std::string& name) {
  const Tensor* last = nullptr;
  for (int l = 0;; ++l) {
    const auto at = content.tensors.find("layers." + std::to_string(l) + ".weight");
    if (at == content.tensors.end()) break;
    last = &at->second;
  }
  if (!last || last->shape.size() != 2 || last->shape[1] < 1 || last->shape[1] > 1 << 24)
    throw ModelError(
        name +
        ": has no tensor layers.{i}.weight of shape [inputs, outputs], which gives the number of outputs");
  return static_cast<int>(last->shape[1]);
}

ModelMetadata read_metadata(const std::filesystem::path& file) {
  TensorFile content = read_tensor_file(file);
  require_content_hash(file, content);
  return std::move(content.metadata);
}

}  // namespace shoal
