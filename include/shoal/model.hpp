// SPDX-License-Identifier: Apache-2.0
// The model of a task, a multilayer perceptron, and the position of its tensors in the flat parameter vector.
//
// Example:
//
//   #include <iostream>
//
//   const shoal::ModelSpec model = {.inputs = 3, .hidden = {16}, .outputs = 1, .skip = true};
//   for (const shoal::TensorSpec& tensor : shoal::ParameterLayout(model).tensors())
//     std::cout << tensor.name << ": " << tensor.size << " parameters from index " << tensor.offset << '\n';
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/kinds.hpp>

namespace shoal {

std::string_view to_string(Activation activation);
/// Throws InvalidArgument with the list of known names.
Activation activation_from_string(std::string_view name);

/// A multilayer perceptron: Z = A W + b and A = f(Z) in the hidden layers, and a linear last layer. With
/// `skip`, x S is added to its output.
struct ModelSpec {
  int inputs = 1;                      ///< number of input columns, >= 1
  std::vector<int> hidden = {40, 40};  ///< widths of the hidden layers, each >= 1; empty = a linear model
  int outputs = 1;                     ///< number of network outputs, >= 1
  Activation activation = Activation::relu;
  bool skip = false;  ///< add a linear map from input to output

  bool operator==(const ModelSpec&) const = default;
};

/// One tensor of the flat parameter vector.
struct TensorSpec {
  std::string name;                 ///< e.g. "layers.0.weight" (docs/formats.md)
  std::vector<std::int64_t> shape;  ///< row-major; [] is a scalar
  std::size_t offset = 0;           ///< index of the first element in the flat vector
  std::size_t size = 0;             ///< number of elements
  int layer = 0;  ///< the layer that the tensor belongs to; the skip belongs to the last one

  bool operator==(const TensorSpec&) const = default;
};

/// The order of a model's tensors in the flat vector: layers.0.weight, layers.0.bias, ..., skip.weight.
class ParameterLayout {
 public:
  /// Throws InvalidArgument for a width < 1, and for more than 2^31 parameters.
  explicit ParameterLayout(const ModelSpec& model);

  std::size_t size() const { return size_; }
  int layers() const { return layers_; }
  std::span<const TensorSpec> tensors() const { return tensors_; }
  const TensorSpec& weight(int layer) const { return tensors_[2 * static_cast<std::size_t>(layer)]; }
  const TensorSpec& bias(int layer) const { return tensors_[2 * static_cast<std::size_t>(layer) + 1]; }
  /// Null when the model has no skip.
  const TensorSpec* skip() const { return has_skip_ ? &tensors_.back() : nullptr; }
  /// Whether the tensor is part of the head: the last layer and the skip (docs/definitions.md).
  bool in_head(const TensorSpec& tensor) const { return tensor.layer == layers_ - 1; }

 private:
  std::vector<TensorSpec> tensors_;
  std::size_t size_ = 0;
  int layers_ = 0;
  bool has_skip_ = false;
};

/// How theta is initialised (docs/configuration.md). Biases and the skip start at zero.
enum class Initializer { glorot, he, truncated_normal };
std::string_view to_string(Initializer initializer);
/// Throws InvalidArgument with the list of known names.
Initializer initializer_from_string(std::string_view name);

struct Initialization {
  Initializer kind = Initializer::glorot;
  double standard_deviation = 0.01;  ///< of truncated_normal, which is cut at two standard deviations
};

/// Draws theta [P] with Philox, key (seed, init) and counter (tensor, element): the same bits everywhere.
std::vector<float> initial_parameters(const ModelSpec& model, const Initialization& init, std::uint64_t seed);

}  // namespace shoal
