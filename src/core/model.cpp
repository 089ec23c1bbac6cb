// SPDX-License-Identifier: Apache-2.0
#include <shoal/model.hpp>

#include <limits>

#include "core/name_table.hpp"
#include "core/with_kind.hpp"
#include "kernels/math/activations.hpp"

namespace shoal {
namespace {

constexpr auto activation_names = names_of<Activation, kernels::ActivationOf>(Activations{});
static_assert(is_complete(Activations{}),
              "include/shoal/kinds.hpp: Activations lacks an enumerator of Activation");

constexpr std::pair<Initializer, std::string_view> initializer_names[] = {
    {Initializer::glorot, "glorot"},
    {Initializer::he, "he"},
    {Initializer::truncated_normal, "truncated-normal"}};

void require_width(int width, const std::string& what) {
  if (width < 1) throw InvalidArgument("model: " + what + " must be at least 1, is " + std::to_string(width));
}

}  // namespace

std::string_view to_string(Activation activation) {
  return name_in<Activation>(activation_names, activation);
}
Activation activation_from_string(std::string_view name) {
  return value_in<Activation>(activation_names, "activation", name);
}
std::string_view to_string(Initializer initializer) {
  return name_in<Initializer>(initializer_names, initializer);
}
Initializer initializer_from_string(std::string_view name) {
  return value_in<Initializer>(initializer_names, "initialisation", name);
}

ParameterLayout::ParameterLayout(const ModelSpec& model) {
  require_width(model.inputs, "number of inputs");
  require_width(model.outputs, "number of outputs");
  const auto add = [this](std::string name, std::vector<std::int64_t> shape, int layer) {
    std::size_t size = 1;
    // the product is at most 2^62
    for (const std::int64_t extent : shape) size *= static_cast<std::size_t>(extent);
    if (size + size_ > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
      throw InvalidArgument("model: more than 2^31 - 1 parameters at " + name);
    tensors_.push_back({std::move(name), std::move(shape), size_, size, layer});
    size_ += size;
  };
  std::int64_t inputs = model.inputs;
  layers_ = static_cast<int>(model.hidden.size()) + 1;
  for (int l = 0; l < layers_; ++l) {
    const bool last = l + 1 == layers_;
    const int outputs = last ? model.outputs : model.hidden[static_cast<std::size_t>(l)];
    require_width(outputs, "hidden width " + std::to_string(l));
    const std::string prefix = "layers." + std::to_string(l);
    add(prefix + ".weight", {inputs, outputs}, l);
    add(prefix + ".bias", {outputs}, l);
    inputs = outputs;
  }
  has_skip_ = model.skip;
  if (has_skip_) add("skip.weight", {model.inputs, model.outputs}, layers_ - 1);
}

}  // namespace shoal
