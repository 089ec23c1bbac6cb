// SPDX-License-Identifier: Apache-2.0
// Stores parts of a flat vector as named tensors of a file, and loads them again.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <shoal/error.hpp>
#include <shoal/model.hpp>
#include <shoal/tensor_file.hpp>

namespace shoal {

inline std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (const std::int64_t extent : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

/// Returns tensor `spec` of `content`. Throws ModelError, naming file and tensor, when it is missing, has
/// another shape, or is not real.
inline const Tensor& require_tensor(const std::filesystem::path& file, const TensorFile& content,
                                    const TensorSpec& spec) {
  const std::string where = file.string() + ": tensor \"" + spec.name + "\"";
  const auto at = content.tensors.find(spec.name);
  if (at == content.tensors.end()) throw ModelError(where + " is missing");
  const Tensor& tensor = at->second;
  if (tensor.shape != spec.shape)
    throw ModelError(where + " has shape " + shape_text(tensor.shape) + ", expected " +
                     shape_text(spec.shape));
  if (tensor.dtype != DType::f32 && tensor.dtype != DType::f64)
    throw ModelError(where + " must be F32 or F64");
  return tensor;
}

/// Copies tensor `spec` of `content` into `values` at its offset. require_tensor() must have succeeded
/// before.
template <class Real>
void load_tensor(const TensorFile& content, const TensorSpec& spec, std::vector<Real>& values) {
  const std::vector<Real> read = content.tensors.at(spec.name).values<Real>();
  std::copy(read.begin(), read.end(), values.begin() + static_cast<std::ptrdiff_t>(spec.offset));
}

template <class Real>
void store_tensor(TensorFile& content, const TensorSpec& spec, const std::vector<Real>& values) {
  content.tensors[spec.name] = Tensor::of(spec.shape, values.data() + spec.offset);
}

}  // namespace shoal
