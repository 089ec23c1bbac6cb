// SPDX-License-Identifier: Apache-2.0
#include <shoal/meta_learner.hpp>

namespace shoal {

RateLayout::RateLayout(const ParameterLayout& layout, LearnedRate grain, int steps) : grain_(grain) {
  const auto add = [this](std::string name, std::vector<std::int64_t> shape, std::size_t size, int layer) {
    tensors_.push_back({"inner_lr." + std::move(name), std::move(shape), size_, size, layer});
    size_ += size;
  };
  switch (grain) {
    case LearnedRate::none:
      break;
    case LearnedRate::parameter:  // rates have the order of the parameters
      for (const TensorSpec& tensor : layout.tensors())
        add(tensor.name, tensor.shape, tensor.size, tensor.layer);
      break;
    case LearnedRate::layer:
      for (int l = 0; l < layout.layers(); ++l) add("layers." + std::to_string(l), {}, 1, l);
      break;
    case LearnedRate::layer_step:
      steps_ = steps < 1 ? 1 : steps;
      for (int l = 0; l < layout.layers(); ++l)
        add("layers." + std::to_string(l), {steps_}, static_cast<std::size_t>(steps_), l);
      break;
  }
}

}  // namespace shoal
