// SPDX-License-Identifier: Apache-2.0
#include <shoal/error.hpp>
#include <shoal/model.hpp>

#include <cmath>

#include "core/float_environment.hpp"
#include "core/random.hpp"

namespace shoal {

std::vector<float> initial_parameters(const ModelSpec& model, const Initialization& init,
                                      std::uint64_t seed) {
  if (init.kind == Initializer::truncated_normal &&
      !(init.standard_deviation > 0.0 && std::isfinite(init.standard_deviation)))
    throw InvalidArgument("model: init_sd must be positive and finite");
  const FloatEnvironment environment;
  const ParameterLayout layout(model);
  std::vector<float> theta(layout.size(), 0.0f);
  for (int l = 0; l < layout.layers(); ++l) {
    const TensorSpec& weight = layout.weight(l);
    const auto fan_in = static_cast<double>(weight.shape[0]), fan_out = static_cast<double>(weight.shape[1]);
    // Glorot and Bengio 2010, He et al. 2015: uniform between these bounds. IEEE 754 rounds square roots
    // correctly, so the bits are the same everywhere.
    const auto glorot = static_cast<float>(std::sqrt(6.0 / (fan_in + fan_out)));
    const auto he = static_cast<float>(std::sqrt(6.0 / fan_in));
    const auto deviation = static_cast<float>(init.standard_deviation);
    const RandomStream random(seed, Purpose::initial_parameters, static_cast<std::uint64_t>(l));
    for (std::size_t e = 0; e < weight.size; ++e) {
      const auto element = static_cast<std::uint32_t>(e);
      float& value = theta[weight.offset + e];
      switch (init.kind) {
        case Initializer::glorot:
          value = random.uniform(element, -glorot, glorot);
          break;
        case Initializer::he:
          value = random.uniform(element, -he, he);
          break;
        case Initializer::truncated_normal:
          value = deviation * random.truncated_normal(element);
          break;
      }
    }
  }
  return theta;
}

}  // namespace shoal
